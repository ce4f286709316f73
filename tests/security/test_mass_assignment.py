"""Mass assignment (S3): an unknown field is refused by name, in every object of every body."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from httpx import Response

from services.request_examples import REQUEST_EXAMPLES
from tests.security.operations import CSV, JSON, Operation, name_of, objects_within, operations, schema_of
from tests.security.world import World

SMUGGLED = {"tenant_id": "t2", "version": 1, "is_admin": True, "created_at": "2020-01-01T00:00:00Z"}
WRITING = [each for each in operations() if each.method != "GET"]
# These operations change nothing: they preview a command.
ASKING = {
    "/v1/rules/validation",
    "/v1/rules/{rule}/preview",
    "/v1/plan-templates/{template}/preview",
    "/v1/tier-schemes/{scheme}/preview",
}
# One result for each item, each with an id and a version.
BULK = {"/v1/alerts/bulk", "/v1/rules/import"}
# The response names the assignee that a rule found.
ANSWERED_BESIDE = {"/v1/customers/{customer_id}/tasks": {"assignee_id"}}
# The field names and list indexes that lead to an object in a body.
Place = tuple[str | int, ...]
# Objects by tier or mode: a further name in them is a tier or a mode, and its value is checked.
BY_NAME = {"severities", "days", "follow-up"}
# A rule has one of the shapes, so a sample has no other one.
OTHER_SHAPES = {"Count", "Interval", "Level", "Owed", "Score", "Told", "Trend", "Volume"}
COMMANDS = [each for each in WRITING if each.body_schema]


def test_every_write_takes_json_but_for_the_files() -> None:
    sending = [each for each in WRITING if each.method != "DELETE"]
    assert {each.path for each in sending} - {each.path for each in COMMANDS} == {"/v1/imports"}
    assert all(JSON in each.content or CSV in each.content for each in sending)


@pytest.mark.parametrize("operation", COMMANDS, ids=str)
def test_no_object_of_a_body_is_open(operation: Operation) -> None:
    objects = objects_within(operation.service, str(operation.body_schema))
    assert objects
    assert not [name for name, schema in objects.items() if schema.get("additionalProperties") is not False]


@pytest.mark.parametrize("operation", COMMANDS, ids=str)
def test_the_sample_bodies_reach_every_object(operation: Operation) -> None:
    """An object may occur at several places; each kind of object occurs at one at least."""
    objects = objects_within(operation.service, str(operation.body_schema))
    shapes = [frozenset(found) for found in (at(operation.body, place) for place in places(operation.body))]
    reached = {name for name, schema in objects.items() if any(fits(shape, schema) for shape in shapes)}
    assert reached | OTHER_SHAPES >= objects.keys()
    assert len(shapes) >= len(objects.keys() - OTHER_SHAPES)


@pytest.mark.parametrize("field", SMUGGLED)
@pytest.mark.parametrize("operation", COMMANDS, ids=str)
async def test_a_field_too_many_is_refused_by_name(world: World, operation: Operation, field: str) -> None:
    before = await world.head(operation.service)
    for place in (each for each in places(operation.body) if not BY_NAME & set(each[-1:])):
        response = await world.ask(
            operation.service,
            operation.method,
            operation.address(world.things),
            "root",
            "admin",
            json=smuggled(operation.body, place, field),
        )
        pointer = "".join(f"/{name}" for name in (*place, field))
        refused = problem_of(response, place)
        assert refused["status"] == 422, response.text
        if response.status_code == 422:
            assert not await world.left_a_fact(operation.service, before, response)
        assert [(error["pointer"], error["rule"]) for error in refused["errors"]] == [(pointer, "extra_forbidden")]


def problem_of(response: Response, place: Place) -> Any:
    """Return the problem of a request, or that of the item at `place`, of which a bulk request has one each."""
    if response.status_code != 207:
        return response.json()
    number = next(each for each in place if isinstance(each, int))
    return response.json()["results"][number]["problem"]


def places(body: Any, above: Place = ()) -> Iterator[Place]:
    """Yield the path of each object in `body`, the body itself first."""
    if isinstance(body, dict):
        yield above
    if isinstance(body, dict | list):
        for name, value in body.items() if isinstance(body, dict) else enumerate(body):
            yield from places(value, (*above, name))


def at(body: Any, place: Place) -> Any:
    for name in place:
        body = body[name]
    return body


def fits(shape: frozenset[str], schema: dict[str, Any]) -> bool:
    """Return whether an object with these fields can be of this schema."""
    required, allowed = set(schema.get("required", ())), set(schema.get("properties", {}))
    return required <= shape <= allowed


def smuggled(body: dict[str, Any], place: Place, field: str) -> dict[str, Any]:
    changed = deepcopy(body)
    target: Any = changed
    for name in place:
        target = target[name]
    target[field] = SMUGGLED[field]
    return changed


def test_no_answer_of_a_command_offers_more_than_its_id_and_version() -> None:
    for operation in COMMANDS:
        if operation.method == "POST" and operation.path not in ASKING | BULK:
            answers = [body for status, body in operation.described["responses"].items() if status.startswith("2")]
            names = {name_of(answer["content"][JSON]["schema"]) for answer in answers}
            offered = [schema_of(operation.service, name)["properties"].keys() for name in names]
            assert offered == [{"id", "version"} | ANSWERED_BESIDE.get(operation.path, set())]


def test_every_body_that_is_offered_has_a_sample() -> None:
    assert {each.body_schema for each in COMMANDS} == REQUEST_EXAMPLES.keys()
