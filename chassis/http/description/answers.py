"""The schemas of answers and requests: answers are complete and open, requests are closed and need no defaults."""

import json
import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any

from chassis.http.description.references import PREFIX, Schema, rename, used

LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
SINGLE = ("items", "additionalProperties", "propertyNames")
MORE_VALUES = "More values may be added."
GENERIC = re.compile(r"^(\w+?)_(\w+)_$")


def open_answers(document: Schema) -> None:
    """Adapt the schemas.

    In answers, every field is present, and more fields and more values of enumerations are allowed. A schema that
    requests use as well is split: `…Input` is the one of requests.
    """
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    without_titles(document)
    name_generics(document)
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    asked = [each.get(part) for each in operations for part in ("requestBody", "parameters")]
    answered = [each["responses"] for each in operations]
    inputs, outputs = used(asked, schemas), used(answered, schemas)
    enumerations = {name for name in schemas if "enum" in schemas[name]}
    split(document, asked, sorted(inputs & outputs - enumerations))
    known = {name: deepcopy(schemas[name]) for name in enumerations}
    for name in outputs - enumerations:
        open_schema(schemas[name], known)
    for content in (each.get("content", {}) for answer in answered for each in answer.values()):
        for media in content.values():
            open_schema(media["schema"], known)
    for name in enumerations - inputs:
        del schemas[name]
    for name in used(asked, schemas):
        for field in schemas[name].get("properties", {}).values():
            say_default(field)


def name_generics(document: Schema) -> None:
    """Name `Page_OrderView_` the `OrderViewPage`."""
    schemas = document["components"]["schemas"]
    found = [match for match in map(GENERIC.match, schemas) if match]
    names = {match.group(): f"{match.group(2)}{match.group(1)}" for match in found}
    for old, new in names.items():
        schemas[new] = schemas.pop(old)
    rename(document, {PREFIX + old: PREFIX + new for old, new in names.items()})


def split(document: Schema, asked: Iterable[Any], shared: list[str]) -> None:
    """Give requests their own copy of each shared schema."""
    schemas = document["components"]["schemas"]
    of_requests = used(asked, schemas)
    for name in shared:
        schemas[f"{name}Input"] = deepcopy(schemas[name])
    renamed = {PREFIX + name: f"{PREFIX}{name}Input" for name in shared}
    only_asked = [schemas[name] for name in of_requests - set(shared)] + [schemas[f"{name}Input"] for name in shared]
    for part in (*asked, *only_asked):
        rename(part, renamed)


def open_schema(schema: Any, enumerations: Schema) -> None:
    """Require all fields, and allow more fields and values, in `schema` and in the schemas inside it."""
    inlined = enumerations.get(schema.get("$ref", "").removeprefix(PREFIX))
    if inlined is not None:
        del schema["$ref"]
        schema |= inlined
    if "enum" in schema:
        schema |= opened(schema)
        del schema["enum"]
    if "properties" in schema:
        schema["required"] = list(schema["properties"])
    if schema.get("additionalProperties") is False:
        del schema["additionalProperties"]
    schema.pop("default", None)
    for each in within(schema):
        open_schema(each, enumerations)


def within(schema: Schema) -> Iterator[Schema]:
    """Yield the schemas directly inside `schema`."""
    yield from schema.get("properties", {}).values()
    for name in LISTS:
        yield from schema.get(name, ())
    yield from (schema[name] for name in SINGLE if isinstance(schema.get(name), dict))


def say_default(field: Schema) -> None:
    """Name the default of a request's field in words: generators of clients take a field with `default` as required."""
    if "default" in field:
        value = json.dumps(field.pop("default"), ensure_ascii=False)
        field["description"] = " ".join(filter(None, (field.get("description"), f"Default: `{value}`.")))


def opened(enumeration: Schema) -> Schema:
    """Return the schema of an enumeration that may grow."""
    texts = [enumeration.get("description", ""), MORE_VALUES]
    return {
        "type": enumeration["type"],
        "description": " ".join(filter(None, texts)),
        "x-extensible-enum": enumeration["enum"],
    }


def without_titles(part: Any) -> None:
    """Remove the titles that only repeat the names of fields. A field that is called `title` is not text."""
    match part:
        case dict():
            if isinstance(part.get("title"), str) and part.keys() & {"type", "$ref", "anyOf", "oneOf", "enum", "allOf"}:
                del part["title"]
            for each in part.values():
                without_titles(each)
        case list():
            for each in part:
                without_titles(each)
        case _:
            return
