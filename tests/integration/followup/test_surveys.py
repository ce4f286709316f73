"""Surveys over HTTP: sent, answered by invitation, anonymously too, listed, and sent by themselves after a fact."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from chassis.runtime.supervisor import Supervisor
from chassis.service import ServiceContext
from contracts.examples import OWNER, example, example_envelope
from contracts.followup import ComplaintClosed
from services.followup import workers
from services.followup.__main__ import dependencies
from services.followup.queries.surveys import LEAST_ANSWERS
from tests.integration.followup.conftest import World
from tests.unit.chassis.issuer import SETTINGS

ASKED = {"survey": "after-service", "kind": "csat", "step": "training", "channel": "wechat"}


async def sent(world: World, **changes: Any) -> tuple[str, str]:
    """Send a survey to a customer of its own; return where it stands and the code of its invitation."""
    customer_id = await world.hears_of_customer()
    answered = await world.post(f"/v1/customers/{customer_id}/surveys", ASKED | changes, OWNER, "sales")
    assert answered.status_code == 201, answered.text
    survey = answered.headers["Location"]
    return survey, (await world.get(f"{survey}/invitation", "tool", "integration")).json()["code"]


async def answer(world: World, code: str, score: int, **headers: str) -> tuple[int, dict[str, Any]]:
    said = {"score": score, "comment": "回复很快"}
    answered = await world.post(f"/v1/survey-invitations/{code}/answer", said, "tool", "integration", **headers)
    return answered.status_code, answered.json()


async def test_a_survey_is_sent_answered_once_and_read_again(world: World) -> None:
    survey, code = await sent(world)
    refused = (await answer(world, code, 6))[1]
    assert (refused["code"], refused["errors"][0]["pointer"]) == ("score-off-scale", "/score")
    assert (await answer(world, code, 4, idempotency_key="a"))[0] == 200
    assert (await answer(world, code, 4, idempotency_key="a"))[0] == 200, "a retry is answered as before"
    status, problem = await answer(world, code, 5)
    assert (status, problem["code"]) == (409, "survey-answered")

    seen = (await world.get(survey, OWNER, "sales")).json()
    assert (seen["score"], seen["comment"], seen["lowest"], seen["highest"]) == (4, "回复很快", 1, 5)
    await world.lists_are_level()
    listed = (await world.get("/v1/surveys", OWNER, "sales", state="answered")).json()["items"]
    assert [each["id"] for each in listed] == [seen["id"]]
    assert (await world.get("/v1/surveys", "E9999", "sales")).json()["items"] == []


async def test_nobody_answers_a_code_that_was_never_given_out(world: World) -> None:
    _, code = await sent(world)
    assert (await answer(world, uuid4().hex * 2, 4))[0] == 404
    assert (await answer(world, code[:32] + uuid4().hex, 4))[0] == 404
    assert (await world.post(f"/v1/survey-invitations/{code}/answer", {"score": 4}, OWNER, "sales")).status_code == 403


async def test_an_anonymous_answer_leads_to_no_customer_and_is_given_once(world: World) -> None:
    survey, code = await sent(world, anonymous=True)
    customer_id = (await world.get(survey)).json()["customer_id"]
    status, given = await answer(world, code, 2, idempotency_key="a")
    assert status == 201
    assert (await answer(world, code, 2, idempotency_key="a"))[0] == 201
    assert (await answer(world, code, 5))[1]["code"] == "survey-answered"

    rows = await world.pool.fetch("SELECT * FROM event WHERE stream_id = $1", UUID(given["id"]))
    assert [row["subject"] for row in rows] == [UUID(given["id"])]
    kept = await world.pool.fetch("SELECT subject FROM vault WHERE value = '回复很快'")
    assert {row["subject"] for row in kept} == {UUID(given["id"])}
    keys = await world.pool.fetch("SELECT * FROM idempotency")
    told = "".join(str(dict(row)) for row in (*rows, *keys))
    assert code not in told
    assert code[32:] not in told
    history = (await world.get(f"/v1/customers/{customer_id}/events")).json()["items"]
    assert [each["type"] for each in history] == ["care.followup.survey-sent.v1"]
    assert (await world.get(survey)).json()["answered_at"] is None


async def test_results_tell_shares_and_of_a_few_anonymous_answers_nothing(world: World) -> None:
    for score in (5, 4, 1):
        await answer(world, (await sent(world))[1], score)
    for score in (10, 9, 3, 7):
        await answer(world, (await sent(world, kind="nps", survey="yearly"))[1], score)
    for _ in range(LEAST_ANSWERS - 1):
        await answer(world, (await sent(world, anonymous=True))[1], 5)
    await world.lists_are_level()

    items = (await world.get("/v1/survey-results", OWNER, "sales")).json()["items"]
    found = {(each["survey"], each["anonymous"]): each for each in items}
    assert (found["after-service", False]["csat"], found["yearly", False]["nps"]) == (2 / 3, 25.0)
    assert found["after-service", True]["answers"] == LEAST_ANSWERS - 1
    assert found["after-service", True]["mean"] is None

    await answer(world, (await sent(world, anonymous=True))[1], 5)
    await world.lists_are_level()
    items = (await world.get("/v1/survey-results")).json()["items"]
    assert [each["csat"] for each in items if each["anonymous"]] == [1.0]


async def test_a_fact_that_the_policy_names_sends_a_survey_once_and_then_leaves_in_peace(world: World) -> None:
    needs = dependencies(ServiceContext(SETTINGS, world.pool, Supervisor(), None))  # type: ignore[arg-type]
    sender, customer_id = workers.survey_sender(needs), await world.hears_of_customer()
    closed = example_envelope(example(ComplaintClosed), subject=customer_id, id=uuid4())
    await sender.receive([closed])
    after = [{"event": "care.followup.complaint-closed.v1"}]
    policy = {"survey": "after-service", "kind": "nps", "after": after, "rest_days": 30}
    assert (await world.send("PUT", "/v1/survey-policy", OWNER, "sales", json=policy)).status_code == 403
    assert (await world.get("/v1/survey-policy")).status_code == 404
    assert (await world.send("PUT", "/v1/survey-policy", json=policy)).status_code == 201
    waits = policy | {"after": [], "effective_from": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
    assert (await world.send("PUT", "/v1/survey-policy", json=waits)).status_code == 200

    await sender.receive([closed])
    await sender.receive([closed])
    await world.lists_are_level()
    await sender.receive([example_envelope(example(ComplaintClosed), subject=customer_id, id=uuid4())])
    await world.lists_are_level()

    (found,) = (await world.get("/v1/surveys", customer_id=customer_id)).json()["items"]
    assert (found["step"], found["about_id"], found["highest"]) == ("complaint-closed", str(closed.stream_id), 10)
    assert (await world.get("/v1/survey-policy")).json()["rest_days"] == 30
