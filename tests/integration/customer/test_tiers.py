"""Tiers on a real store: they follow a customer's orders and the calendar, are proposed, or are held by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from chassis.postgres.database import transaction
from contracts import followup
from contracts.examples import example, example_envelope
from contracts.followup.survey import Question, SurveyKind
from services.customer.projection import followup as of_followup
from services.customer.shipped.tier_schemes import SHIPPED
from services.customer.tiers import evaluation_queue
from services.customer.tiers.runner import TierRunner
from tests.integration.customer.conftest import Api
from tests.support.waiting import eventually

GOLD = {"tier": "gold", "en": "Gold", "zh": "金牌", "when": "amount >= 1000 || years >= 3 || contacts >= 2"}
REST = {"tier": "rest", "en": "Others", "zh": "其他"}
SCHEME = {"decision": "at-once", "tiers": [GOLD, REST]}
MONEY = {"amount_minor": 1_000_00, "currency": "CNY"}


async def put(api: Api, path: str, body: Any, role: str = "ops", **headers: str) -> httpx.Response:
    return await api.client.put(path, json=body, headers=api.issuer.headers("ops", role, **headers))


async def publish(api: Api, **changes: Any) -> None:
    answered = await put(api, "/v1/tier-schemes/own", SCHEME | changes)
    assert answered.is_success, answered.text


async def tier_of(api: Api, address: str) -> dict[str, Any]:
    found: dict[str, Any] = (await api.get(f"{address}/tier?scheme=own")).json()
    return found


async def becomes(api: Api, address: str, tier: str | None, proposed: str | None = None) -> dict[str, Any]:
    """Wait until the customer is in the tier and that other one, or none, is proposed; return what is told of it."""

    async def is_so() -> bool:
        found = await tier_of(api, address)
        proposal = found["proposal"]
        return bool(found["tier"] == tier and (proposal["tier"] if proposal else None) == proposed)

    await eventually(is_so)
    return await tier_of(api, address)


async def test_a_tier_follows_what_the_customer_buys_and_says_why(api: Api) -> None:
    before = await api.registered()
    await publish(api)
    address = await api.registered()
    await becomes(api, before, "rest")
    assert (await becomes(api, address, "rest"))["basis"]["inputs"]["amount"] == 0
    order = (await api.post(f"{address}/orders", MONEY)).headers["location"]
    found = await becomes(api, address, "gold")
    assert (found["is_held"], found["basis"]["number"]) == (False, 1)
    assert found["basis"]["inputs"] | {"amount": 1000, "orders": 1} == found["basis"]["inputs"]
    assert (await api.get(address)).json()["tiers"] == {"own": "gold"}
    await api.post(f"{order}/cancellation", {"reason": "paid-too-late"})
    await becomes(api, address, "rest")
    told = [each["type"] for each in (await api.get(f"{address}/events")).json()["items"]]
    assert told.count("care.customer.tier-changed.v1") == 3


async def test_a_proposal_waits_for_somebody_to_confirm_or_refuse_it(api: Api) -> None:
    await publish(api, decision="proposed")
    address, other = await api.registered(), await api.registered()
    await becomes(api, address, None, "rest")
    await becomes(api, other, None, "rest")

    async def listed() -> bool:
        found = (await api.get("/v1/customers?proposed_in=own")).json()["items"]
        proposed = {f"/v1/customers/{each['id']}" for each in found if each["proposed_tiers"] == {"own": "rest"}}
        return proposed == {address, other}

    await eventually(listed)
    assert (await api.post(f"{address}/tier/confirmation", {"scheme": "own"})).status_code == 200
    assert (await tier_of(api, address))["basis"]["number"] == 1
    assert (await api.post(f"{other}/tier/refusal", {"scheme": "own"})).status_code == 200
    assert (await tier_of(api, other))["tier"] is None
    again = await api.post(f"{address}/tier/confirmation", {"scheme": "own"}, accept_language="zh-CN")
    assert (again.status_code, again.json()["code"]) == (409, "no-tier-proposed")
    assert "待确认" in again.json()["detail"]


async def test_what_is_set_by_hand_holds_until_it_is_released(api: Api) -> None:
    await publish(api)
    address = await api.registered()
    await becomes(api, address, "rest")
    await api.post(f"{address}/tier", {"scheme": "own", "tier": "gold"})
    assert (await tier_of(api, address))["is_held"]
    # This customer's order is looked at like the other's, after which nothing has moved.
    other = await api.registered()
    for each in (address, other):
        await api.post(f"{each}/orders", {"amount_minor": 1, "currency": "CNY"})
    await becomes(api, other, "rest")
    assert (await tier_of(api, address))["tier"] == "gold"
    await api.post(f"{address}/tier/release", {"scheme": "own"})
    assert not (await becomes(api, address, "rest"))["is_held"]


async def test_time_alone_changes_a_tier(api: Api) -> None:
    await publish(api)
    today = datetime.now(UTC).date()
    began = today.replace(day=1).replace(year=today.year - 2).isoformat()
    address = await api.registered(profile={"cooperation_since": began})
    await becomes(api, address, "rest")
    needs = api.service.app.state.dependencies

    async def is_settled() -> bool:
        due_at = await api.pool.fetchval("SELECT due_at FROM tier_due")
        return bool(due_at and due_at > datetime.now(UTC) + timedelta(minutes=5))

    await eventually(is_settled)
    later = TierRunner(api.pool, needs.customers, "Asia/Shanghai", lambda: datetime.now(UTC) + timedelta(days=370))
    await later.run_due()
    assert (await tier_of(api, address))["basis"]["inputs"]["years"] == 3
    assert (await tier_of(api, address))["tier"] == "gold"


async def test_contacts_that_followup_tells_of_count_once_and_automatic_ones_do_not(api: Api) -> None:
    await publish(api)
    address = await api.registered()
    await becomes(api, address, "rest")
    customer_id, now = UUID(address.rpartition("/")[2]), datetime.now(UTC)
    contacts = [
        example_envelope(
            example(followup.ContactLogged, automated=number == 0),
            subject=customer_id,
            stream_id=UUID(int=number),
            occurred_at=now,
            recorded_at=now,
        )
        for number in range(3)
    ]
    for _ in range(2):
        async with transaction(api.pool) as held:
            await of_followup.apply(contacts, held)
    assert (await becomes(api, address, "gold"))["basis"]["inputs"]["contacts"] == 2


async def test_the_latest_answer_to_a_survey_counts_also_that_of_a_duplicate(api: Api) -> None:
    await publish(api, tiers=[{**GOLD, "when": "nps >= 9 && csat == null"}, REST])
    address, duplicate = await api.registered(), await api.registered()
    await becomes(api, address, "rest")
    survivor_id, duplicate_id = (UUID(each.rpartition("/")[2]) for each in (address, duplicate))
    merged = await api.post(f"{address}/duplicates", {"duplicate_id": str(duplicate_id)})
    assert merged.status_code == 200
    now = datetime.now(UTC)
    question = Question(survey="yearly", kind=SurveyKind.NPS, lowest=0, highest=10)
    for number, (customer_id, score, days) in enumerate(((survivor_id, 9, 2), (duplicate_id, 3, 3))):
        answered = example_envelope(
            example(followup.SurveyAnswered, question=question, score=score),
            subject=customer_id,
            stream_id=UUID(int=number + 1),
            occurred_at=now - timedelta(days=days),
            recorded_at=now,
        )
        async with transaction(api.pool) as held:
            await of_followup.apply([answered], held)
        assert (await becomes(api, address, "gold"))["basis"]["inputs"]["nps"] == 9
    later = example_envelope(
        example(followup.SurveyAnswered, question=question, score=4),
        subject=duplicate_id,
        stream_id=UUID(int=3),
        occurred_at=now,
        recorded_at=now,
    )
    async with transaction(api.pool) as held:
        await of_followup.apply([later], held)
    assert (await becomes(api, address, "rest"))["basis"]["inputs"]["nps"] == 4


async def test_a_condition_that_cannot_be_used_is_named_with_its_place(api: Api) -> None:
    faulty = SCHEME | {"tiers": [{**GOLD, "when": "amuont >= 1"}, REST]}
    refused = await put(api, "/v1/tier-schemes/own", faulty, accept_language="zh-CN")
    assert (refused.status_code, refused.json()["code"]) == (422, "validation-failed")
    assert [each["pointer"] for each in refused.json()["errors"]] == ["/tiers/0/when"]
    assert "第 1 行第 1 列：未知的名称" in refused.json()["detail"]
    for when, reason in (
        ("stage in ['lsot']", "stage never has this value"),
        ("[1].all(years, true)", "years is known"),
    ):
        refused = await put(api, "/v1/tier-schemes/own", SCHEME | {"tiers": [{**GOLD, "when": when}, REST]})
        assert [each["pointer"] for each in refused.json()["errors"]] == ["/tiers/0/when"]
        assert reason in refused.json()["detail"]
    assert (await api.post("/v1/tier-schemes/own/preview", faulty)).status_code == 422
    assert (await put(api, "/v1/tier-schemes/own", SCHEME, "leader")).status_code == 403


async def test_schemes_are_read_by_version_and_what_ships_waits_to_be_published(api: Api) -> None:
    listed = (await api.get("/v1/tier-schemes", "E2001", "sales")).json()["items"]
    assert {each["name"]: each["is_in_force"] for each in listed} == dict.fromkeys(SHIPPED, False)
    await publish(api, decision="by-hand")
    await publish(api, decision="by-hand", window_days=30)
    latest, first = [(await api.get(f"/v1/tier-schemes/own{asked}")).json() for asked in ("", "?number=1")]
    assert [(each["number"], each["window_days"]) for each in (first, latest)] == [(1, 365), (2, 30)]
    assert (await api.get("/v1/tier-schemes/own?number=3")).status_code == 404
    assert (await api.get("/v1/tier-schemes/none")).status_code == 404

    async def kept() -> bool:
        return [each.number for each in await evaluation_queue.in_force(api.pool, datetime.now(UTC))] == [2]

    await eventually(kept)
    assert not any(map(evaluation_queue.is_rule_based, await evaluation_queue.in_force(api.pool, datetime.now(UTC))))


async def test_every_customer_is_evaluated_once_a_version_is_in_force(api: Api) -> None:
    address = await api.registered()
    await publish(api)
    await becomes(api, address, "rest")
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    await publish(api, tiers=[{**GOLD, "when": "true"}, REST], effective_from=in_an_hour.isoformat())

    async def waits() -> bool:
        return bool(await api.pool.fetchval("SELECT count(*) FROM waiting_version"))

    await eventually(waits)
    assert (await tier_of(api, address))["tier"] == "rest"
    listed = (await api.get("/v1/tier-schemes")).json()["items"]
    assert [each["number"] for each in listed if each["name"] == "own"] == [1]

    needs = api.service.app.state.dependencies
    tiering = TierRunner(api.pool, needs.customers, "Asia/Shanghai", lambda: in_an_hour)
    await tiering.run_due()
    assert not await waits()
    assert (await becomes(api, address, "gold"))["basis"]["number"] == 2


async def test_a_preview_lists_changed_tiers_and_changes_nothing(api: Api) -> None:
    addresses = [await api.registered() for _ in range(3)]
    await api.post(f"{addresses[0]}/orders", MONEY)
    await api.listed(3)

    async def order_is_listed() -> bool:
        return bool(await api.pool.fetchval("SELECT count(*) FROM customer_order") == 1)

    await eventually(order_is_listed)
    whole = (await api.post("/v1/tier-schemes/own/preview", SCHEME)).json()
    assert (whole["customers_looked_at"], whole["has_more"]) == (3, False)
    assert whole["counts"] == [{"tier": "gold", "now": 0, "then": 1}, {"tier": "rest", "now": 0, "then": 2}]
    assert {each["would_be"] for each in whole["items"]} == {"gold", "rest"}
    first = (await api.post("/v1/tier-schemes/own/preview?limit=2", SCHEME)).json()
    assert (first["customers_looked_at"], first["has_more"]) == (2, True)
    rest = await api.post(f"/v1/tier-schemes/own/preview?limit=2&cursor={first['next_cursor']}", SCHEME)
    assert [each["customer_id"] for each in first["items"] + rest.json()["items"]] == [
        each["customer_id"] for each in whole["items"]
    ]
    assert await api.pool.fetchval("SELECT count(*) FROM event WHERE type LIKE 'care.customer.tier%'") == 0
