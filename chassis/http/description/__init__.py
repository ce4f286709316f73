"""The OpenAPI document of a service, derived from its routes: what they read, answer and refuse."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from chassis.http.description.answers import open_answers
from chassis.http.description.headers import REQUEST_HEADERS, RESPONSE_HEADERS, describe_headers
from chassis.http.description.problems import PROBLEM_SCHEMAS, describe_problems, responses
from chassis.http.description.references import references
from chassis.http.description.tags import tags_of

LICENCE = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}
CONTACT = {"name": "The maintainers of customer-lifecycle"}
# The document does not know where it is served; a client resolves this against the address of the document.
SERVERS = [{"url": "/", "description": "The service that serves this document."}]
RULES = (
    "Bearer tokens, permissions, retries, versions, pages and problems are the same for all routes. "
    "Answers are open: expect more fields and, in fields with `x-extensible-enum`, more values. "
    "Periods of days include both `from` and `to`. Periods of times, such as `due_from` and `due_to`, exclude the end."
)
BEARER = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the document."""
    routes = [route for route in app.routes if isinstance(route, APIRoute)]
    # FastAPI's own ids repeat the path, and clients take their method names from them.
    for route in routes:
        route.operation_id = route.unique_id = route.name
    document = app.openapi()
    for route in routes:
        (method,) = sorted(route.methods or ())
        operation = document["paths"][route.path_format][method.lower()]
        operation |= described(operation.get("description", ""), route.name)
        describe_problems(route, operation)
        describe_headers(route, operation)
    open_answers(document)
    document["components"]["schemas"] |= PROBLEM_SCHEMAS
    document["components"] |= {
        "headers": RESPONSE_HEADERS,
        "parameters": REQUEST_HEADERS,
        "responses": responses(),
        "securitySchemes": {"bearer": BEARER},
    }
    for kind in ("responses", "headers", "parameters"):
        keep_used(document, kind)
    document["info"] |= {"description": RULES, "license": LICENCE, "contact": CONTACT}
    return document | {"servers": SERVERS, "security": [{"bearer": []}], "tags": tags_of(routes)}


def keep_used(document: dict[str, Any], kind: str) -> None:
    """Remove the components of a kind that no operation uses, directly or in another component."""
    found = set(references(document))
    components = document["components"][kind]
    document["components"][kind] = {
        name: each for name, each in components.items() if f"#/components/{kind}/{name}" in found
    }


def described(description: str, name: str) -> dict[str, str]:
    """Return the summary and the description of an operation: the first sentence, and the whole text."""
    summary, _, _ = description.partition(". ")
    summary = " ".join(summary.split("\n\n")[0].split()).removesuffix(".")
    return {"summary": summary or name, "description": description or name}
