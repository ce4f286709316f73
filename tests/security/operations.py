"""All operations of all services from the committed OpenAPI documents, with a valid request for each."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any
from uuid import uuid4

from services import openapi
from services.request_examples import REQUEST_EXAMPLES

JSON = "application/json"
CSV = "text/csv"
ABSENT_DAYS, FAR_OFF = count(), date(2150, 1, 1)
A_DAY = timedelta(days=1)


def next_absence() -> dict[str, str]:
    """Return an absence that does not overlap another one."""
    day = (FAR_OFF + timedelta(days=next(ABSENT_DAYS))).isoformat()
    return {"first_day": day, "last_day": day}


def once() -> dict[str, str]:
    """Return a new idempotency key, because a rejected request may have been processed."""
    return {"idempotency-key": f"once-{uuid4()}"}


@dataclass(frozen=True, slots=True)
class Operation:
    service: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.path}"

    @property
    def described(self) -> dict[str, Any]:
        found: dict[str, Any] = document(self.service)["paths"][self.path][self.method.lower()]
        return found

    @property
    def content(self) -> dict[str, Any]:
        """Return the schema of the body by content type; empty if there is none."""
        given = self.described.get("requestBody", {}).get("content", {})
        return {kind: body["schema"] for kind, body in given.items()}

    @property
    def body_schema(self) -> str | None:
        """Return the name of the schema of its JSON body."""
        return name_of(self.content[JSON]) if JSON in self.content else None

    @property
    def body(self) -> dict[str, Any]:
        """The body of the example; a time until which somebody wants quiet is soon, wherever the test runs."""
        body = REQUEST_EXAMPLES[self.body_schema] if self.body_schema else {}
        return body | {"until": (datetime.now(UTC) + A_DAY).isoformat()} if "until" in body else body

    @property
    def queries(self) -> list[str]:
        return [each["name"] for each in self.described.get("parameters", ()) if each.get("in") == "query"]

    @property
    def lists(self) -> list[str]:
        """The query parameters that may occur several times."""
        schemas = {each["name"]: each["schema"] for each in self.described.get("parameters", ()) if "schema" in each}
        return [name for name in self.queries if schemas[name].get("type") == "array"]

    def address(self, things: Mapping[str, str]) -> str:
        return self.path.format_map(things)


@cache
def document(service: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(openapi.committed(service).read_text())
    return found


def operations() -> list[Operation]:
    return [
        Operation(service, method.upper(), path)
        for service in openapi.SERVICES
        for path, methods in document(service)["paths"].items()
        for method in methods
    ]


def name_of(schema: Mapping[str, Any]) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def schema_of(service: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = document(service)["components"]["schemas"][name]
    return found


def references(schema: Any) -> Iterator[str]:
    """Yield the names of the schemas that `schema` refers to itself."""
    match schema:
        case {"$ref": str(reference)}:
            yield reference.rpartition("/")[2]
        case dict():
            for part in schema.values():
                yield from references(part)
        case list():
            for part in schema:
                yield from references(part)
        case _:
            return


def objects_within(service: str, name: str) -> dict[str, dict[str, Any]]:
    """Return `name` and every object schema that it refers to, directly or indirectly."""
    found: dict[str, dict[str, Any]] = {}
    waiting = [name]
    while waiting:
        each = waiting.pop()
        schema = schema_of(service, each)
        if each not in found and schema.get("type") == "object":
            found[each] = schema
            waiting += references(schema)
    return found
