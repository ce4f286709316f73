"""Every field stores a value exactly or refuses it with a problem; no value breaks a service (R43)."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence

import pytest

from chassis.http.problems import MEDIA_TYPE
from tests.security.corpus import GOOD_TIMES, NO_TEXTS, NUMBERS, TEXTS, TIMES
from tests.security.fields import CREATING, FIELDS, Field, address_of, body_with, send, verdict
from tests.security.operations import Operation, operations
from tests.security.world import World

ANY = {name: json.dumps(text) for name, text in (TEXTS | TIMES | GOOD_TIMES).items()} | NO_TEXTS | NUMBERS
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
    "twenty-digits": "9" * 20,
    "empty": "",
}
SIDE_BY_SIDE = 8
# With every change, a field gets one value of so many; nightly, all.
PARTS = 6
Verdicts = dict[Field, dict[str, str]]


@pytest.fixture(scope="module")
async def verdicts(world: World) -> Verdicts:
    """The result of a part of the values in each field. Neighbouring fields get different parts."""
    return await verdicts_of(world, [[*ANY][number % PARTS :: PARTS] for number in range(len(FIELDS))])


async def verdicts_of(world: World, names: Sequence[Sequence[str]]) -> Verdicts:
    """Return the result of values in each field. Fields run concurrently, the values of one field in sequence."""
    slots = asyncio.Semaphore(SIDE_BY_SIDE)

    async def on(field: Field, names: Sequence[str]) -> dict[str, str]:
        async with slots:
            return await verdicts_on(world, field, names)

    found = await asyncio.gather(*map(on, FIELDS, names))
    return dict(zip(FIELDS, found, strict=True))


async def verdicts_on(world: World, field: Field, names: Sequence[str]) -> dict[str, str]:
    address = await address_of(world, field.operation)
    found: dict[str, str] = {}
    for name in names:
        written = ANY[name]
        found[name] = await verdict(world, field, address, written)
        if found[name] == "taken":
            address = await address_of(world, field.operation)
    return found


@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_a_field_keeps_it_exactly_or_refuses_it(verdicts: Verdicts, field: Field) -> None:
    assert not {name: came for name, came in verdicts[field].items() if came.startswith("wrong")}


@pytest.mark.nightly
async def test_every_field_keeps_every_value_exactly_or_refuses_it(world: World) -> None:
    found = await verdicts_of(world, [[*ANY]] * len(FIELDS))
    wrong = {
        str(field): {name: came for name, came in of.items() if came.startswith("wrong")} for field, of in found.items()
    }
    assert not {field: of for field, of in wrong.items() if of}
    require_same(found)


def test_fields_of_one_kind_say_the_same_to_the_same_in_every_service(verdicts: Verdicts) -> None:
    require_same(verdicts)


def require_same(verdicts: Verdicts) -> None:
    said: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for field, came in verdicts.items():
        for name, words in came.items():
            said[field.kind, name][words].append(str(field))
    differing = [f"{name}: {dict(words)}" for (_, name), words in said.items() if len(words) > 1]
    assert not differing, "\n".join(differing)


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
    assert not await world.left_a_fact(operation.service, before, response)


@pytest.mark.parametrize("operation", [each for each in operations() if each.queries], ids=str)
async def test_a_query_takes_it_or_refuses_it(world: World, operation: Operation) -> None:
    things = {**world.things, "import_id": world.things["customer_id"]}
    for query in operation.queries:
        for name, text in IN_QUERIES.items():
            response = await world.ask(operation.service, "GET", operation.address(things), params={query: text})
            assert response.status_code < 500, (query, name, response.text)
            # A refusal names the parameter; `bad-request` would mean that the database has refused the value.
            assert response.status_code != 400 or response.json()["code"] == "invalid-cursor", (query, name)


@pytest.mark.parametrize("operation", [each for each in operations() if each.queries], ids=str)
async def test_a_repeated_query_is_refused_unless_it_is_a_list(world: World, operation: Operation) -> None:
    things = {**world.things, "import_id": world.things["customer_id"]}
    twice = [(query, value) for query in operation.queries for value in ("A", "B")]
    response = await world.ask(operation.service, operation.method, operation.address(things), params=twice)
    assert (response.status_code, response.json()["code"]) == (422, "validation-failed")
    repeated = sorted(set(operation.queries) - set(operation.lists))
    assert [(each["pointer"], each["rule"]) for each in response.json()["errors"]] == [
        (f"query:{name}", "repeated") for name in repeated
    ]


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


@pytest.mark.parametrize("role", ["ops", "sales"])
async def test_a_leader_without_an_owner_is_not_lost_without_a_word(world: World, role: str) -> None:
    """A customer registered by a seller without an owner belongs to the seller; other callers must name an owner."""
    body = {"name": "常州天宁", "leader_id": "E1001"}
    response = await world.ask("customer", "POST", "/v1/customers", "E9001", role, json=body)
    if role == "ops":
        assert response.status_code == 422
        assert [error["pointer"] for error in response.json()["errors"]] == ["/leader_id"]
    else:
        view = await world.ask("customer", "GET", response.headers["location"])
        assert (view.json()["owner_id"], view.json()["leader_id"]) == ("E9001", "E1001")
