"""References between the schemas of an OpenAPI document."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

PREFIX = "#/components/schemas/"
Schema = dict[str, Any]


def used(parts: Iterable[Any], schemas: Schema) -> set[str]:
    """Return the names of the schemas that `parts` refer to, directly or indirectly."""
    found: set[str] = set()
    waiting = list(references(list(parts)))
    while waiting:
        name = waiting.pop()
        if name not in found and name in schemas:
            found.add(name)
            waiting += references(schemas[name])
    return found


def references(part: Any) -> Iterator[str]:
    match part:
        case {"$ref": str(reference)}:
            yield reference.removeprefix(PREFIX)
        case dict():
            for each in part.values():
                yield from references(each)
        case list():
            for each in part:
                yield from references(each)
        case _:
            return


def rename(part: Any, renamed: Mapping[str, str]) -> None:
    """Change every reference in `part` that `renamed` names."""
    match part:
        case dict():
            if part.get("$ref") in renamed:
                part["$ref"] = renamed[part["$ref"]]
            for each in part.values():
                rename(each, renamed)
        case list():
            for each in part:
                rename(each, renamed)
        case _:
            return
