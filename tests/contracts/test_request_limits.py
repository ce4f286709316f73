"""Every list and text of a request has a limit, so that no single call can be of any size."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from services import openapi

# Formats of a fixed or short length, and the file of an import, which has a limit of its own.
SHORT_FORMATS = {"uuid", "date", "date-time", "time"}
FILES = {"post /v1/imports"}
WITHOUT_END = re.compile(r"(?<!\\)[*+]|\{\d*,\}")
METHODS = {"get", "put", "post", "delete", "patch"}

Schema = Mapping[str, Any]


def unlimited(document: Schema) -> list[str]:
    """Return the places in requests that take a list, a text or an object of any size."""
    return [place for start, schema in requests(document) for place in places(schema, start, document, frozenset())]


def requests(document: Schema) -> Iterator[tuple[str, Schema]]:
    for path, operations in document["paths"].items():
        for method in METHODS & operations.keys():
            operation, name = operations[method], f"{method} {path}"
            for parameter in operation.get("parameters", []):
                # The server limits all headers of a request together.
                if "in" in parameter:
                    yield f"{name} {parameter['in']}:{parameter['name']}", parameter["schema"]
            for content in operation.get("requestBody", {}).get("content", {}).values():
                if name not in FILES:
                    yield name, content["schema"]


def places(schema: Schema, place: str, document: Schema, seen: frozenset[str]) -> Iterator[str]:
    if reference := schema.get("$ref"):
        if reference not in seen:
            target = document["components"]["schemas"][reference.rpartition("/")[2]]
            yield from places(target, place, document, seen | {reference})
        return
    if is_unlimited(schema):
        yield place
    for name, field in schema.get("properties", {}).items():
        yield from places(field, f"{place}/{name}", document, seen)
    for each in (schema.get("items"), schema.get("additionalProperties")):
        if isinstance(each, Mapping):
            yield from places(each, f"{place}/*", document, seen)
    for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from places(each, place, document, seen)


def is_unlimited(schema: Schema) -> bool:
    match schema.get("type"):
        case "array":
            return "maxItems" not in schema
        case "string":
            is_limited = {"maxLength", "enum", "const"} & schema.keys() or schema.get("format") in SHORT_FORMATS
            return not is_limited and not is_pattern_with_end(schema.get("pattern"))
        case "object":
            return not schema.get("properties") and "maxProperties" not in schema and not is_closed(schema)
        case _:
            return False


def is_pattern_with_end(pattern: str | None) -> bool:
    return pattern is not None and pattern[0] == "^" and pattern[-1] == "$" and not WITHOUT_END.search(pattern)


def is_closed(schema: Schema) -> bool:
    return schema.get("additionalProperties") is False


@pytest.mark.parametrize("service", openapi.SERVICES)
def test_every_list_and_text_of_a_request_has_a_limit(service: str) -> None:
    assert unlimited(json.loads(openapi.committed(service).read_text())) == []


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "string", "pattern": "^a+$"},
        {"type": "string", "pattern": "^[a-z]{1,}$"},
        {"type": "array", "items": {"type": "integer"}},
        {"type": "array", "maxItems": 3, "items": {"type": "string"}},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"anyOf": [{"type": "null"}, {"type": "string"}]},
        {"type": "object", "properties": {"name": {"$ref": "#/components/schemas/Name"}}},
    ],
)
def test_a_list_or_text_without_a_limit_is_found(schema: Schema) -> None:
    content = {"application/json": {"schema": schema}}
    document = {
        "paths": {"/v1/x": {"post": {"requestBody": {"content": content}}}},
        "components": {"schemas": {"Name": {"type": "string"}}},
    }
    assert len(unlimited(document)) == 1
