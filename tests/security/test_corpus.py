"""Every field takes what it can keep, exactly, and refuses the rest as a problem; nothing breaks a service (R43)."""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

import httpx
import pytest

from chassis.problems import MEDIA_TYPE
from contracts.examples import OWNER
from tests.security.corpus import GOOD_TIMES, NO_TEXTS, NUMBERS, TEXTS, TIMES
from tests.security.operations import BODIES, JSON, Operation, name_of, operations, schema_of
from tests.security.world import World
from tests.support.waiting import eventually

CREATING = [each for each in operations() if each.body_schema and each.service in {"customer", "followup"}]
ANY = {name: json.dumps(text) for name, text in (TEXTS | TIMES | GOOD_TIMES).items()} | NO_TEXTS | NUMBERS
# Where what was sent is read again, if its name is another one there.
READ_AS = {"person_name": "name", "id": "external_id", "system": "external_system", "occurred_at": None}
IN_QUERIES = {
    **{
        name: TEXTS[name] for name in ("rare-han", "decomposed", "right-to-left", "sql", "percent", "sixty-four-astral")
    },
    **{
        name: TIMES[name] for name in ("naive", "year-9999-west", "year-1-east", "hour-24", "arabic-digits", "infinity")
    },
    **GOOD_TIMES,
    "nul": "a\0b",
    "digits": "9" * 400,
    "past-64-bits": NUMBERS["past-64-bits"],
    "empty": "",
}
MARK = "\x00here\x00"
NUMBER = count(1)


def leaves(service: str, schema: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield where the fields of a body stand."""
    for name, field in schema["properties"].items():
        inner = [each for each in (field, *field.get("anyOf", ())) if "$ref" in each]
        objects = [found for each in inner if (found := schema_of(service, name_of(each)))["type"] == "object"]
        if objects:
            yield from leaves(service, objects[0], (*above, name))
        else:
            yield (*above, name)


FIELDS = [
    (operation, place)
    for operation in CREATING
    for place in leaves(operation.service, schema_of(operation.service, str(operation.body_schema)))
]


def named(value: object) -> str:
    return "/".join(value) if isinstance(value, tuple) else str(value)


@pytest.mark.parametrize(("operation", "place"), FIELDS, ids=named)
async def test_a_field_keeps_it_exactly_or_refuses_it(
    world: World, operation: Operation, place: tuple[str, ...]
) -> None:
    address = await address_of(world, operation)
    for name, written in ANY.items():
        response = await send(world, operation, address, body_with(operation, place, written))
        if response.is_success:
            await is_kept(world, operation, response, place, json.loads(written))
            address = await address_of(world, operation)
        else:
            assert response.is_client_error, (name, response.text)
            assert response.headers["content-type"] == MEDIA_TYPE, name
            assert response.json()["code"], name


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(("schema", "field"), [("Register", "name"), ("Register", "person_name"), ("Raise", "content")])
async def test_every_good_text_is_taken_as_a_name_and_as_a_note(
    world: World, schema: str, field: str, text: str
) -> None:
    (operation,) = (each for each in CREATING if each.body_schema == schema)
    address = await address_of(world, operation)
    response = await send(world, operation, address, body_with(operation, (field,), json.dumps(TEXTS[text])))
    assert response.is_success, response.text


@pytest.mark.parametrize("name", [*NO_TEXTS, *NUMBERS])
@pytest.mark.parametrize(("schema", "field"), [("Register", "name"), ("Register", "person_name"), ("Raise", "content")])
async def test_what_is_no_text_is_refused_everywhere_alike(world: World, schema: str, field: str, name: str) -> None:
    (operation,) = (each for each in CREATING if each.body_schema == schema)
    before = await world.head(operation.service)
    body = body_with(operation, (field,), (NO_TEXTS | NUMBERS)[name])
    response = await send(world, operation, await address_of(world, operation), body)
    assert response.status_code in {400, 413, 422}, response.text
    assert await world.head(operation.service) == before


@pytest.mark.parametrize("operation", [each for each in operations() if each.queries], ids=str)
async def test_a_query_takes_it_or_refuses_it(world: World, operation: Operation) -> None:
    things = {**world.things, "import_id": world.things["customer_id"]}
    for query in operation.queries:
        for name, text in IN_QUERIES.items():
            response = await world.ask(operation.service, "GET", operation.address(things), params={query: text})
            assert response.status_code < 500, (query, name, response.text)


BROKEN = {
    "utf-16": '{"name": "a"}'.encode("utf-16"),
    "latin-1": '{"name": "Café"}'.encode("latin-1"),
    "overlong": b'{"name": "\xc0\xaf"}',
    "surrogate-bytes": b'{"name": "\xed\xa0\x80"}',
    "cut-character": b'{"name": "\xe5\xae"}',
    "byte-order-mark": b"\xef\xbb\xbf{}",
    "twice": b'{"name": "a", "name": "b"}',
    "twice-escaped": b'{"name": "a", "n\\u0061me": "b"}',
    "deep": b'{"name":' * 100 + b"1" + b"}" * 100,
    "deep-lists": b"[" * 20_000,
    "not-an-object": b"[]",
    "text": b'"a"',
    "trailing": b'{"name": "a"} x',
    "comma": b'{"name": "a",}',
    "comment": b'{"name": "a"} // x',
    "nul-bytes": b"\0" * 100,
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_body_that_is_no_strict_json_is_refused_everywhere_alike(world: World, name: str) -> None:
    verdicts = set()
    for operation in CREATING:
        address = await address_of(world, operation)
        response = await send(world, operation, address, BROKEN[name])
        assert response.headers["content-type"] == MEDIA_TYPE
        verdicts.add((response.status_code, response.json()["code"]))
    assert len(verdicts) == 1, verdicts
    assert verdicts <= {(400, "malformed-json"), (422, "validation-failed")}


async def address_of(world: World, operation: Operation) -> str:
    """Return an address at which the operation has something to do."""
    things = dict(world.things)
    if "{task_id}" in operation.path:
        things["task_id"] = await world.new_task()
    if "{complaint_id}" in operation.path:
        steps = {"confirmation": ["answer"], "closing": ["answer", "confirmation"]}
        things["complaint_id"] = await world.new_complaint(*steps.get(operation.path.rpartition("/")[2], []))
    if operation.service == "customer" and "{customer_id}" in operation.path:
        things["customer_id"] = await world.made("customer", "/v1/customers", {"name": "珠海香洲"})
    return operation.address(things)


def body_with(operation: Operation, place: tuple[str, ...], written: str) -> bytes:
    """Return the sample body with `written`, as it stands, in one place."""
    body: dict[str, Any] = deepcopy(BODIES[str(operation.body_schema)])
    if operation.body_schema == "Register":
        body["external"] = {"system": f"s{next(NUMBER)}", "id": "1"}
    if place[-1] == "leader_id":
        body["owner_id"] = OWNER
    if place[-1] == "person_name":
        body = {**body, "kind": "person"}
        del body["name"]
    target = body
    for name in place[:-1]:
        target = target.setdefault(name, {})
    target[place[-1]] = MARK
    return json.dumps(body).replace(json.dumps(MARK), written).encode("utf-8", "surrogatepass")


async def send(world: World, operation: Operation, address: str, content: bytes) -> httpx.Response:
    headers = {"content-type": JSON}
    return await world.ask(operation.service, operation.method, address, content=content, headers=headers)


async def is_kept(
    world: World, operation: Operation, response: httpx.Response, place: tuple[str, ...], sent: Any
) -> None:
    """Fail unless what was sent can be read again, where it can be read at all."""
    name = READ_AS.get(place[-1], place[-1])
    address = response.headers.get("location")
    if name is None or sent is None:
        return
    if address is None:
        assert response.json()[name] == sent
        return

    async def read() -> Any:
        view = (await world.ask(operation.service, "GET", address)).json()
        if name == "tier":
            return view["tiers"].get("default")
        if name == "scheme":
            return next(iter(view["tiers"]), None)
        if operation.body_schema == "Answer":
            return view["answers"][-1] if name == "content" else sent
        if operation.body_schema == "Complete" and name == "employee_id":
            return view["completed_by"]
        return view.get(name, sent)

    async def same() -> bool:
        return alike(await read(), sent)

    if name.startswith("external_"):
        await eventually(same)
    assert await same(), (operation, name, sent, await read())


def alike(read: Any, sent: Any) -> bool:
    """Say whether what is read is what was sent; times may be spelt another way, and so may ids."""
    if read == sent:
        return True
    try:
        return datetime.fromisoformat(read) == datetime.fromisoformat(sent.upper())
    except (AttributeError, TypeError, ValueError):
        pass
    try:
        return UUID(read) == UUID(sent)
    except (AttributeError, TypeError, ValueError):
        return False


@pytest.mark.parametrize("role", ["ops", "sales"])
async def test_a_leader_without_an_owner_is_not_lost_without_a_word(world: World, role: str) -> None:
    """A seller who names no owner owns the customer; for others there would be nobody to be led."""
    body = {"name": "常州天宁", "leader_id": "E1001"}
    response = await world.ask("customer", "POST", "/v1/customers", "E9001", role, json=body)
    if role == "ops":
        assert response.status_code == 422
        assert [error["pointer"] for error in response.json()["errors"]] == ["/leader_id"]
    else:
        view = await world.ask("customer", "GET", response.headers["location"])
        assert (view.json()["owner_id"], view.json()["leader_id"]) == ("E9001", "E1001")
