"""Case 43: every operation answers as its OpenAPI document says: statuses, headers and problem documents."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from jsonschema import Draft202012Validator

from chassis.http.access import MAX_KEY
from chassis.http.body import MAX_BODY_BYTES
from chassis.http.problems import MEDIA_TYPE
from tests.security.operations import JSON, Operation, document, operations
from tests.security.test_matrix import fresh, send
from tests.security.world import World

OF_THE_CONTENT = {"content-type", "content-length"}
COMMAND_HEADERS = {"etag", "location"}
FAR_NUMBER = 4_085
BAD_KEY = {"idempotency-key": "x" * (MAX_KEY + 1)}
# There is no proposal to answer: 409, and a rejection is not stored.
WITHOUT_PROPOSAL = ("/tier/confirmation", "/tier/refusal")
ACCEPTED = [each for each in operations() if not each.path.endswith(WITHOUT_PROPOSAL)]
every_operation = pytest.mark.parametrize("operation", operations(), ids=str)
every_accepted_operation = pytest.mark.parametrize("operation", ACCEPTED, ids=str)


def component(operation: Operation, part: dict[str, Any]) -> dict[str, Any]:
    """Return `part`, or the component that it refers to."""
    if "$ref" not in part:
        return part
    found: Any = document(operation.service)
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return dict(found)


def read_headers(operation: Operation) -> set[str]:
    parameters = [component(operation, each) for each in operation.described["parameters"]]
    return {each["name"].lower() for each in parameters if each["in"] == "header"}


def answered_headers(operation: Operation, status: int) -> set[str]:
    response = component(operation, operation.described["responses"][str(status)])
    return {name.lower() for name in response.get("headers", {})}


def require_documented(operation: Operation, response: httpx.Response) -> None:
    """Fail unless the document names the status, the type and every header of the response, and its problem fits."""
    assert str(response.status_code) in operation.described["responses"], response.text
    described = component(operation, operation.described["responses"][str(response.status_code)])
    content_type = response.headers["content-type"].partition(";")[0]
    assert content_type in described["content"]
    names = {name.lower() for name in response.headers}
    assert names - OF_THE_CONTENT <= answered_headers(operation, response.status_code)
    if content_type in {JSON, MEDIA_TYPE}:
        whole = {
            "components": document(operation.service)["components"],
            **described["content"][content_type]["schema"],
        }
        Draft202012Validator(whole).validate(response.json())


@every_accepted_operation
async def test_43_a_success_is_documented_with_its_headers(world: World, operation: Operation) -> None:
    things = {**world.things, **await fresh(world, operation)}
    response = await send(world, operation, things, "ops", "ops")
    assert response.is_success, response.text
    require_documented(operation, response)
    if "idempotency-key" in read_headers(operation):
        assert response.headers.keys() >= COMMAND_HEADERS


@every_accepted_operation
async def test_43_an_idempotency_key_is_documented_where_it_has_an_effect(world: World, operation: Operation) -> None:
    things = {**world.things, **await fresh(world, operation)}
    first = await send(world, operation, things, "ops", "ops", **{"idempotency-key": f"again-{uuid4()}"})
    again = await world.clients[operation.service].send(first.request)
    assert again.is_success, again.text
    require_documented(operation, again)
    assert ("idempotency-replayed" in again.headers) == ("idempotency-key" in read_headers(operation))


@every_operation
async def test_43_every_refusal_is_documented(world: World, operation: Operation) -> None:
    things = {**world.things, **await fresh(world, operation)}
    path, has_body = operation.address(things), bool(operation.content)
    nothing = {name: str(uuid4()) if len(value) == len(str(uuid4())) else value for name, value in things.items()}
    json = {"json": operation.body} if JSON in operation.content else {}
    asked: list[tuple[str, dict[str, Any]]] = [
        (path, {"subject": None}),
        (path, {"role": "visitor"}),
        (path, {"headers": BAD_KEY}),
        (path, {"params": {"unknown": "x"}, **json}),
        (operation.address(nothing), json),
    ]
    asked += [(path, {"params": {name: FAR_NUMBER}, **json}) for name in operation.queries]
    if has_body:
        asked += [
            (path, {"content": b"<a/>", "headers": {"content-type": "application/xml"}}),
            (path, {"content": b"{", "headers": {"content-type": JSON}}),
        ]
    if JSON in operation.content:
        too_large = b" " * (MAX_BODY_BYTES + 1)
        asked.append((path, {"content": too_large, "headers": {"content-type": JSON}}))
    if "if-match" in read_headers(operation):
        asked.append((path, {"headers": {"if-match": 'W/"1"'}, **json}))
    for address, given in asked:
        response = await world.ask(operation.service, operation.method, address, **given)
        require_documented(operation, response)


@every_operation
async def test_43_if_match_is_documented_where_it_is_compared(world: World, operation: Operation) -> None:
    things = {**world.things, **await fresh(world, operation)}
    response = await send(world, operation, things, "ops", "ops", **{"if-match": '"999999"'})
    assert (response.status_code == httpx.codes.PRECONDITION_FAILED) == ("if-match" in read_headers(operation))
