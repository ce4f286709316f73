"""Compares two versions field by field. Pure."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from pydantic import BaseModel

from contracts.version import Published

# Fields that differ between versions of the same content.
NOT_COMPARED = {"type", *Published.model_fields}


class Change(BaseModel):
    """A field that differs. `path` is a JSON Pointer; a field that is absent on one side is null there."""

    path: str
    before: Any
    after: Any


class Difference(BaseModel):
    """All differences between two versions."""

    from_number: int
    to_number: int
    changes: list[Change]


def difference(before: Published, after: Published) -> Difference:
    one, other = (each.model_dump(mode="json", exclude=NOT_COMPARED) for each in (before, after))
    return Difference(from_number=before.number, to_number=after.number, changes=list(changes(one, other)))


def changes(before: Any, after: Any, path: str = "") -> Iterator[Change]:
    """Yield each value that differs, with its path; lists are compared index by index."""
    match before, after:
        case dict(), dict():
            for name in before | after:
                yield from changes(before.get(name), after.get(name), f"{path}/{escaped(name)}")
        case list(), list():
            for index, (one, other) in enumerate(zip_longest(before, after)):
                yield from changes(one, other, f"{path}/{index}")
        case _:
            if before != after:
                yield Change(path=path, before=before, after=after)


def escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
