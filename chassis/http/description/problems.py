"""The problem documents of operations: which statuses each may answer with, and examples of all codes."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi.routing import APIRoute

from chassis.commands.problem import CATALOGUE
from chassis.http.body import takes_body
from chassis.http.description.headers import compares_versions, is_command, references
from chassis.http.problems import MEDIA_TYPE, document

PATH = "/v1/customers/1bd2cda6-856d-5279-a632-22a61ebfa12e"
TRACE_ID = "23bf89c96c8e873ef65657cfe82c9451"
ALWAYS = (400, 401, 403, 422, 431, 500, 503)
WITH_BODY = (408, 413, 415)
HEADERS = {401: ("WWW-Authenticate",), 415: ("Accept-Encoding",), 503: ("Retry-After",)}
TEXT = {"type": "string"}
FIELD_ERROR: dict[str, Any] = {
    "type": "object",
    "description": "One place in the request, and the rule that it breaks. Files have `row` and `column`.",
    "required": ["rule", "detail"],
    "properties": {
        "pointer": TEXT | {"description": "A JSON Pointer into the body, or a place such as `query:limit`."},
        "rule": TEXT,
        "detail": TEXT,
        "row": {"type": ["integer", "null"], "description": "The row of a file; the header is row 1."},
        "column": {"type": ["string", "null"], "description": "The column of a file."},
    },
}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "A problem document (RFC 9457). Programs should use `code`, and expect codes that they do not know.",
    "required": ["type", "title", "status", "detail", "instance", "code", "retryable", "trace_id"],
    "properties": {
        "type": TEXT
        | {
            "format": "uri-reference",
            "description": "The kind of problem. More kinds may be added.",
            "x-extensible-enum": [f"/problems/{code}" for code in CATALOGUE],
        },
        "title": TEXT | {"description": "The kind of problem in words, in the language of the caller."},
        "status": {"type": "integer"},
        "detail": TEXT | {"description": "What is wrong, in the language of the caller."},
        "instance": TEXT | {"format": "uri-reference", "description": "The path of the request."},
        "code": TEXT | {"description": "The last part of `type`, or the code of the business rule."},
        "retryable": {"type": "boolean", "description": "Whether the same request may succeed later."},
        "trace_id": TEXT,
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
        "canonical_id": TEXT | {"format": "uuid", "description": "The customer that this one was merged into."},
    },
}
PROBLEM_SCHEMAS = {"Problem": PROBLEM, "FieldError": FIELD_ERROR}
EXAMPLE_ERROR = {"pointer": "/stage", "rule": "enum", "detail": "Must be one of: new, interested, signed."}


def describe_problems(route: APIRoute, operation: dict[str, Any]) -> None:
    """Name every status of a problem that the operation may answer with."""
    declared = [int(status) for status in operation["responses"] if status >= "4"]
    for status in sorted({*ALWAYS, *declared, *statuses_of(route)}):
        operation["responses"][str(status)] = {"$ref": f"#/components/responses/{name_of(status)}"}


def statuses_of(route: APIRoute) -> Iterator[int]:
    parameters = route.dependant.path_params
    if takes_body(route):
        yield from WITH_BODY
    if parameters or any(need.path_params for need in route.dependant.dependencies):
        yield 404
    if any(each.field_info.annotation is UUID for each in parameters):
        yield 410
    if is_command(route):
        yield 409
    if compares_versions(route):
        yield 412


def responses() -> dict[str, Any]:
    """Return the component for each status, with an example of each code."""
    statuses = sorted({status for status, _, _ in CATALOGUE.values()})
    return {name_of(status): response(status) for status in statuses}


def response(status: int) -> dict[str, Any]:
    codes = [code for code, (code_status, _, _) in CATALOGUE.items() if code_status == status]
    named = {name: references(name)[name] for name in ("X-Correlation-ID", *HEADERS.get(status, ()))}
    if status == HTTPStatus.GONE:
        named |= {"Link": {"$ref": "#/components/headers/Canonical"}}
    content = {
        "schema": {"$ref": "#/components/schemas/Problem"},
        "examples": {code: {"summary": CATALOGUE[code][1], "value": example(code)} for code in codes},
    }
    return {
        "description": "; or: ".join(CATALOGUE[code][1] for code in codes),
        "headers": named,
        "content": {MEDIA_TYPE: content},
    }


def example(code: str) -> dict[str, Any]:
    found = document(code, PATH, TRACE_ID, chinese=False)
    return found | {"errors": [EXAMPLE_ERROR]} if code == "validation-failed" else found


def name_of(status: int) -> str:
    """Return the name of the component, such as `NotFound`."""
    first = next(code for code, (code_status, _, _) in CATALOGUE.items() if code_status == status)
    return "".join(word.capitalize() for word in first.split("-"))
