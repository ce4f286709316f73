"""Work that finds its own people: from plans, by request, and from the complaint policy; those away are passed over."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from contracts.examples import OWNER, example
from contracts.followup import ContactLogged
from services.followup.shipped.plan_templates import SHIPPED
from tests.integration.followup.conftest import World
from tests.integration.followup.test_absences import TODAY, away, leaves, noted
from tests.integration.followup.test_plans import BEGINNING, ReceivedEvents, facts

STAND_IN = "E2002"
HESITATES = example(ContactLogged, outcome="will-think-again")
TOMORROW = datetime.combine(TODAY + timedelta(days=1), datetime.min.time()).isoformat() + "+08:00"
TARGETS = [{"severity": "low", "answer_minutes": 60, "resolve_minutes": 900}]


@pytest.fixture
async def heard(world: World) -> ReceivedEvents:
    return ReceivedEvents(world)


async def goes_away(world: World, employee_id: str, stand_in_id: str | None = None) -> None:
    """Be away for so long that whatever is due in the tests falls into it."""
    body = away(TODAY, TODAY + timedelta(days=300)) | ({"stand_in_id": stand_in_id} if stand_in_id else {})
    await noted(world, body, employee_id)
    await world.lists_are_level()


async def planned_for(heard: ReceivedEvents) -> dict[str, Any]:
    """Let a customer hesitate, and return the follow-up that the plan schedules."""
    customer_id = await heard.world.hears_of_customer()
    await heard.hear(facts(customer_id, *BEGINNING, HESITATES))
    await heard.world.lists_are_level()
    (task,) = (await heard.world.get("/v1/tasks", customer_id=str(customer_id))).json()["items"]
    found: dict[str, Any] = task
    return found


async def asked(world: World, body: dict[str, Any], **headers: str) -> httpx.Response:
    customer_id = await world.hears_of_customer()
    return await world.post(f"/v1/customers/{customer_id}/tasks", {"due_at": TOMORROW} | body, **headers)


async def complained(world: World, subject: str = "E9", **body: Any) -> dict[str, Any]:
    customer_id = await world.hears_of_customer()
    raised = await world.post(f"/v1/customers/{customer_id}/complaints", {"channel": "phone"} | body, subject)
    assert raised.status_code == 201, raised.text
    found: dict[str, Any] = (await world.get(raised.headers["Location"])).json()
    return found


async def test_the_owners_step_goes_to_who_stands_in_and_says_for_whom(heard: ReceivedEvents) -> None:
    await heard.publish("will-think-again")
    before = await planned_for(heard)
    await goes_away(heard.world, OWNER, STAND_IN)
    meanwhile = await planned_for(heard)
    await goes_away(heard.world, STAND_IN)
    nobody_there = await planned_for(heard)

    told = [(each["assignee_id"], each["stands_in_for"]) for each in (before, meanwhile, nobody_there)]
    assert told == [(OWNER, None), (STAND_IN, OWNER), (OWNER, None)]
    assert meanwhile["assignment"] == "owner"


@pytest.mark.parametrize("assign", ["round-robin", "least-loaded"])
async def test_who_is_away_or_has_left_is_passed_over_until_nobody_is_there(heard: ReceivedEvents, assign: str) -> None:
    step = SHIPPED["will-think-again"].steps[0].model_dump(mode="json") | {"assign": assign, "team": ["E1", "E2", "E3"]}
    await heard.publish("will-think-again", steps=[step])
    await goes_away(heard.world, "E1")
    await leaves(heard.world, "E2")
    assert {(await planned_for(heard))["assignee_id"] for _ in range(3)} == {"E3"}
    await goes_away(heard.world, "E3")
    assert (await planned_for(heard))["assignee_id"] in {"E1", "E2", "E3"}


async def test_a_task_finds_who_does_it_and_the_answer_says_who(world: World) -> None:
    team = {"assign": "round-robin", "team": ["E1", "E2"]}
    answers = [(await asked(world, team)).json()["assignee_id"] for _ in range(3)]
    assert answers == ["E1", "E2", "E1"]
    await world.lists_are_level()
    least = await asked(world, {"assign": "least-loaded", "team": ["E1", "E2"]})
    assert least.json()["assignee_id"] == "E2"
    assert (await world.get(least.headers["Location"])).json()["assignment"] == "least-loaded"
    assert (await asked(world, {"assign": "owner"})).json()["assignee_id"] == OWNER
    assert (await asked(world, {})).json()["assignee_id"] == "ops"


async def test_a_retry_is_told_the_same_person(world: World) -> None:
    customer_id = await world.hears_of_customer()
    body = {"due_at": TOMORROW, "assign": "round-robin", "team": ["E1", "E2"]}
    path = f"/v1/customers/{customer_id}/tasks"
    first, again = [await world.post(path, body, idempotency_key="once") for _ in range(2)]
    assert (first.json(), again.headers["Idempotency-Replayed"]) == (again.json(), "true")


async def test_what_is_the_owners_is_nobodys_while_there_is_none(world: World) -> None:
    customer_id = await world.hears_of_customer()
    await world.pool.execute("UPDATE customer_ref SET owner_id = NULL WHERE customer_id = $1", customer_id)
    refused = await world.post(f"/v1/customers/{customer_id}/tasks", {"due_at": TOMORROW, "assign": "owner"})
    assert (refused.status_code, refused.json()["code"]) == (409, "no-owner")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/assignee_id"]
    assert (await asked(world, {"assign": "round-robin"})).status_code == 422


async def publish(world: World, *assignments: dict[str, Any]) -> None:
    policy = {"targets": TARGETS, "assignments": list(assignments)}
    answered = await world.send("PUT", "/v1/complaint-policy", json=policy)
    assert answered.is_success, answered.text


async def test_a_complaint_goes_to_whom_the_policy_names_for_its_category(world: World) -> None:
    await publish(
        world,
        {"assign": "least-loaded", "team": ["E1", "E2"]},
        {"category": "billing", "assign": "owner"},
        {"category": "other", "assign": "receiver"},
    )
    first = await complained(world)
    await world.lists_are_level()
    second = await complained(world)
    owners = {category: (await complained(world, category=category))["owner_id"] for category in ("billing", "other")}
    named = await complained(world, owner_id="E3")

    assert (first["owner_id"], second["owner_id"]) == ("E1", "E2")
    assert (first["state"], named["state"], named["owner_id"]) == ("assigned", "raised", "E3")
    assert owners == {"billing": OWNER, "other": "E9"}
    told = (await world.get(f"/v1/complaints/{first['id']}/events")).json()["items"]
    assert [each["type"].split(".")[2] for each in told][-1] == "complaint-assigned"
    assert told[-1]["data"] | {"assignment": "least-loaded", "policy_number": 2} == told[-1]["data"]


async def test_a_complaint_is_promised_the_same_while_its_owner_is_away(world: World) -> None:
    await publish(world, {"assign": "owner"})
    day = {"occurred_at": "2026-03-02T09:00:00+08:00"}
    before = await complained(world, **day)
    await goes_away(world, OWNER, STAND_IN)
    meanwhile = await complained(world, **day)

    assert (before["owner_id"], meanwhile["owner_id"]) == (OWNER, STAND_IN)
    assert (before["answer_by"], before["resolve_by"]) == (meanwhile["answer_by"], meanwhile["resolve_by"])
