"""The headers that operations read and answer."""

from collections.abc import Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from chassis.http.access import MAX_KEY, Allow
from chassis.http.listing import Listing
from chassis.http.responses import Accepted
from chassis.runtime.telemetry import MAX_CORRELATION_ID

SUCCESS = "2"
UNNAMED = "Successful Response"
DESCRIPTIONS = {"200": "Done", "201": "Created", "202": "Accepted; the work goes on", "207": "One result for each item"}

REQUEST_HEADERS: dict[str, Any] = {
    "Accept-Language": {
        "name": "Accept-Language",
        "in": "header",
        "description": "The language of problems and templates: Chinese if it starts with `zh`, otherwise English.",
        "schema": {"type": "string"},
        "example": "zh-CN",
    },
    "X-Correlation-ID": {
        "name": "X-Correlation-ID",
        "in": "header",
        "description": "An id of the caller that the response repeats and every event of the request stores.",
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_CORRELATION_ID},
        "example": "order-4711",
    },
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": (
            "A key of the caller for this request, in printable ASCII characters. A second request with the same key "
            "gets the first response. Send one with every command that you may repeat."
        ),
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": "^[ -~]+$"},
        "example": "5f0c7e3a-2b1d-4c5e-9a8f-0d6b7c8e9f10",
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "description": (
            "The ETag that you read. The command succeeds only if the resource still has this version; otherwise 412. "
            '`*` matches every version. A weak ETag such as `W/"4"` never matches: 412.'
        ),
        "schema": {"type": "string"},
        "example": '"4"',
    },
}
RESPONSE_HEADERS: dict[str, Any] = {
    "ETag": {"description": "The version of the resource.", "schema": {"type": "string"}, "example": '"4"'},
    "Location": {
        "description": "The path of the resource, without the host.",
        "schema": {"type": "string", "format": "uri-reference"},
        "example": "/v1/customers/1bd2cda6-856d-5279-a632-22a61ebfa12e",
    },
    "Idempotency-Replayed": {
        "description": "`true` if this is the stored response to an earlier request with the same key.",
        "schema": {"type": "string"},
        "example": "true",
    },
    "Link": {
        "description": 'The path and query of the next page, with `rel="next"`; absent on the last page.',
        "schema": {"type": "string"},
        "example": '</v1/customers?cursor=qaKb9r-I>; rel="next"',
    },
    "X-Correlation-ID": {
        "description": "The correlation id of the request.",
        "schema": {"type": "string"},
        "example": "order-4711",
    },
    "Retry-After": {
        "description": "Seconds to wait before the request is repeated.",
        "schema": {"type": "string"},
        "example": "2",
    },
    "Accept-Encoding": {
        "description": "`identity`, if the body was encoded: no Content-Encoding is supported.",
        "schema": {"type": "string"},
        "example": "identity",
    },
    "WWW-Authenticate": {
        "description": "The scheme of the tokens.",
        "schema": {"type": "string"},
        "example": "Bearer",
    },
    "Content-Disposition": {
        "description": "The name of the file.",
        "schema": {"type": "string"},
        "example": 'attachment; filename="import.csv"',
    },
    "Canonical": {
        "description": 'The address of the surviving customer, with `rel="canonical"`, if this one was merged into it.',
        "schema": {"type": "string"},
        "example": '</v1/customers/1bd2cda6-856d-5279-a632-22a61ebfa12e>; rel="canonical"',
    },
}


def describe_headers(route: APIRoute, operation: dict[str, Any]) -> None:
    """Add the headers that the operation reads, and those of its successful responses."""
    read = [{"$ref": f"#/components/parameters/{name}"} for name in read_headers(route)]
    operation["parameters"] = [*operation.get("parameters", ()), *read]
    for status, response in operation["responses"].items():
        if status.startswith(SUCCESS):
            if response["description"] == UNNAMED:
                response["description"] = DESCRIPTIONS[status]
            response["headers"] = response.get("headers", {}) | references(*answered(route))


def read_headers(route: APIRoute) -> Iterator[str]:
    yield from ("Accept-Language", "X-Correlation-ID")
    if is_command(route):
        yield "Idempotency-Key"
    if compares_versions(route):
        yield "If-Match"


def answered(route: APIRoute) -> Iterator[str]:
    """Yield the names of the headers of a successful response."""
    yield "X-Correlation-ID"
    if is_command(route):
        yield from ("ETag", "Location", "Idempotency-Replayed")
    elif route.dependant.response_param_name:
        yield "ETag"
    if is_paged(route):
        yield "Link"


def references(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def is_command(route: APIRoute) -> bool:
    """Whether the route answers with the result of a command, which is stored under its idempotency key."""
    return isinstance(route.response_model, type) and issubclass(route.response_model, Accepted)


def compares_versions(route: APIRoute) -> bool:
    policies = [need.call for need in route.dependant.dependencies if isinstance(need.call, Allow)]
    return "GET" not in (route.methods or ()) and all(policy.compares_versions for policy in policies)


def is_paged(route: APIRoute) -> bool:
    return any(need.call is Listing for need in needs_of(route.dependant))


def needs_of(dependant: Dependant) -> Iterator[Dependant]:
    for need in dependant.dependencies:
        yield need
        yield from needs_of(need)
