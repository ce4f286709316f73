"""Cases 7, 8, 17, 23 and 37: today before the day has ended, older files, the order of events, and history."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from chassis.commands.decision import CLOCK_SKEW
from chassis.http.auth import Authenticator
from chassis.postgres.database import Pool
from chassis.runtime.supervisor import Supervisor
from chassis.service import ServiceContext
from contracts.customer import ProfileChanged
from contracts.examples import OWNER, example_envelope
from services.alerts.engine.facts import Facts
from services.alerts.engine.folds import evolve
from services.customer.__main__ import build
from services.customer.commands import ChangeProfile, DeliverOrder, Profile, Register
from services.customer.domain import CUSTOMER
from tests.integration.customer.conftest import Api
from tests.integration.customer.test_imports import finished, rows_of, send
from tests.integration.customer.test_inbound import Erp, parked
from tests.integration.followup.conftest import CALL_BACK, GRIEVANCE, World, made
from tests.support.spec import Spec
from tests.support.waiting import background, eventually, lasting
from tests.unit.chassis.issuer import SETTINGS, Issuer, client_of
from tests.unit.customer.test_import_commerce import ORDERS

EARLY_HOUR = 5
MONEY = {"amount_minor": 1_000_00, "currency": "CNY"}
TERM = {"starts_on": "2024-01-01", "ends_on": "2024-12-31", **MONEY}
NOON = datetime(2024, 6, 2, 4, tzinfo=UTC)
customer = Spec(CUSTOMER)
registered = CUSTOMER.decide(CUSTOMER.initial, Register(name="上海腾云"))


def early_zone() -> str:
    """Return a time zone in which it is early morning now, before the hour at which files date what has no time."""
    offset = EARLY_HOUR - datetime.now(UTC).hour
    offset += 24 if offset < -12 else 0
    return f"Etc/GMT{-offset:+d}"


@pytest.fixture
async def early(pool: Pool, issuer: Issuer) -> AsyncIterator[Api]:
    """The customer service early in the morning of its business zone."""
    settings = SETTINGS.model_copy(update={"business_zone": early_zone()})
    service = build(ServiceContext(settings, pool, Supervisor(), Authenticator(settings)))
    tasks = [lasting(task.run) for task in service.tasks if task.role not in {"relay", "consumer"}]
    async with client_of(service.app) as client, background(*tasks):
        yield Api(service, issuer, client, pool)


def today(early: Api) -> str:
    return str(datetime.now(early.service.app.state.dependencies.zone).date())


async def imported(api: Api, text: str, kind: str = "customers") -> dict[str, Any]:
    batch = await finished(api, await send(api, text.encode(), query=f"?kind={kind}"))
    counts: dict[str, Any] = batch["counts"]
    assert "failed" not in counts, await rows_of(api, batch)
    return counts


async def test_07_an_order_of_today_is_taken_before_the_hour_that_files_are_dated_with(early: Api) -> None:
    await early.registered(external={"system": "file", "id": "KH-1"})
    day = today(early)
    orders = f"订单编号,客户编号,金额,下单日期,交付日期\nSO-1,KH-1,100,{day},{day}\n"
    contracts = f"合同编号,客户编号,金额,签订日期,开始日期,终止日期,终止原因\nC-1,KH-1,100,{day},{day},{day},price\n"
    assert await imported(early, orders, "orders") == {"created": 1}
    assert await imported(early, contracts, "contracts") == {"created": 1}
    assert await imported(early, orders, "orders") == {"unchanged": 1}
    assert await imported(early, contracts, "contracts") == {"unchanged": 1}


async def test_07_an_order_of_tomorrow_is_still_refused(early: Api) -> None:
    await early.registered(external={"system": "file", "id": "KH-1"})
    tomorrow = datetime.now(early.service.app.state.dependencies.zone).date() + timedelta(days=1)
    text = f"订单编号,客户编号,金额,下单日期\nSO-1,KH-1,100,{tomorrow}\n"
    batch = await finished(early, await send(early, text.encode(), query="?kind=orders"))
    [row] = await rows_of(early, batch)
    assert row["problem"]["code"] == "occurred-in-future"


def test_07_a_day_without_a_time_lies_between_the_beginning_of_the_order_and_now() -> None:
    nine, half_past = datetime(2024, 6, 2, 1, tzinfo=UTC), NOON.replace(hour=0, minute=30)
    cells = {"delivered_on": "2024-06-02"}

    def within_day(now: datetime, begun_at: datetime | None = None) -> datetime | None:
        return ORDERS.within_day(DeliverOrder(occurred_at=nine), cells, now, begun_at).occurred_at

    assert within_day(NOON) == nine
    assert within_day(half_past) == half_past
    assert within_day(NOON, NOON - timedelta(hours=1)) == NOON - timedelta(hours=1)
    assert within_day(NOON + timedelta(days=1), NOON - timedelta(days=1)) == nine
    assert within_day(NOON, NOON + timedelta(days=1)) == nine
    # A cell with a time of day means that time, even if it is the one that days without a time get.
    cells["delivered_on"] = "2024-06-02T09:00:00"
    assert within_day(half_past) == within_day(NOON, NOON - timedelta(hours=1)) == nine


async def test_08_a_file_of_today_that_is_sent_again_the_same_morning_changes_nothing(early: Api) -> None:
    text = (
        f"客户编号,客户名称,客户分层,最近沟通时间\nKH-1,上海腾云,VIP,{today(early)}\nKH-2,北京新创,A级,{today(early)}\n"
    )
    assert await imported(early, text) == {"created": 2}
    assert await imported(early, text) == {"unchanged": 2}


async def test_17_an_older_file_does_not_set_the_last_contact_back(api: Api) -> None:
    newer = "客户编号,客户名称,最近沟通时间\nKH-1,上海腾云,2024-11-20\n"
    assert await imported(api, newer) == {"created": 1}
    assert await imported(api, newer.replace("11-20", "11-02")) == {"unchanged": 1}
    await api.listed(1)
    [listed] = (await api.get("/v1/customers")).json()["items"]
    assert listed["last_contacted_at"] == "2024-11-20T01:00:00Z"
    address = f"/v1/customers/{listed['id']}"
    older = {"profile": {"last_contacted_at": "2024-11-02T09:00:00Z"}}
    assert (await api.post(f"{address}/profile", older)).status_code == 200
    assert (await api.get(address)).json()["last_contacted_at"] == "2024-11-20T01:00:00Z"
    await api.post(f"{address}/profile", {"clear": ["last_contacted_at"]})
    await api.post(f"{address}/profile", older)
    assert (await api.get(address)).json()["last_contacted_at"] == "2024-11-02T09:00:00Z"


def test_17_events_of_older_files_count_for_no_later_decision() -> None:
    older = ProfileChanged(last_contacted_at=NOON - timedelta(days=18))
    known = (*registered, ProfileChanged(last_contacted_at=NOON), older)
    customer.given(*known).when(ChangeProfile(profile=Profile(last_contacted_at=NOON))).then()
    later = ChangeProfile(profile=Profile(last_contacted_at=NOON + timedelta(days=1)))
    customer.given(*known).when(later).then(ProfileChanged(last_contacted_at=NOON + timedelta(days=1)))


def test_17_alerts_take_the_latest_stated_contact_and_forget_a_cleared_one() -> None:
    facts = Facts()
    for event in (
        ProfileChanged(last_contacted_at=NOON),
        ProfileChanged(last_contacted_at=NOON - timedelta(days=18)),
    ):
        facts = evolve(facts, example_envelope(event, id=uuid4()))
    assert facts.latest_contact
    assert facts.latest_contact.at == NOON
    facts = evolve(facts, example_envelope(ProfileChanged(cleared=("last_contacted_at",)), id=uuid4()))
    assert facts.latest_contact is None


async def begun(api: Api, path: str, body: dict[str, Any], occurred_at: datetime) -> str:
    address = await api.registered(occurred_at=(occurred_at - timedelta(days=30)).isoformat())
    answered = await api.post(f"{address}/{path}", body | {"occurred_at": occurred_at.isoformat()})
    assert answered.status_code == 201, answered.text
    return answered.headers["location"]


CHANGES = [
    ("orders", MONEY, "delivery", {}),
    ("orders", MONEY, "cancellation", {"reason": "price"}),
    ("quotes", {}, "issue", MONEY),
    ("contracts", TERM, "ending", {"reason": "price"}),
    ("contracts", TERM, "renewal-intent", {"intent": "yes"}),
]


@pytest.mark.parametrize(("kind", "beginning", "change", "body"), CHANGES)
async def test_23_nothing_of_an_order_quote_or_contract_happens_before_its_beginning(
    api: Api, kind: str, beginning: dict[str, Any], change: str, body: dict[str, Any]
) -> None:
    address = await begun(api, kind, beginning, NOON)
    early = body | {"occurred_at": (NOON - CLOCK_SKEW - timedelta(seconds=1)).isoformat()}
    refused = await api.post(f"{address}/{change}", early)
    assert (refused.status_code, refused.json()["code"]) == (409, "occurred-too-early")
    assert "occurred_at" in refused.json()["detail"]
    in_chinese = await api.post(f"{address}/{change}", early, accept_language="zh-CN")
    assert "发生时间 `occurred_at` 早于" in in_chinese.json()["detail"]
    skewed = body | {"occurred_at": (NOON - CLOCK_SKEW).isoformat()}
    assert (await api.post(f"{address}/{change}", skewed)).status_code == 200
    entries = (await api.get(f"{address}/events")).json()["items"]
    assert [datetime.fromisoformat(each["occurred_at"]) for each in entries] == [NOON, NOON]


async def test_23_a_quote_is_not_issued_again_before_it_was_requested(api: Api) -> None:
    address = await api.registered()
    quote = {"external": {"system": "erp", "id": "Q-1"}}
    await api.post(f"{address}/quotes", quote | {"occurred_at": NOON.isoformat()})
    early = quote | MONEY | {"occurred_at": (NOON - timedelta(days=1)).isoformat()}
    assert (await api.post(f"{address}/quotes", early)).json()["code"] == "occurred-too-early"


async def test_23_a_file_cannot_deliver_an_order_before_it_was_placed(api: Api) -> None:
    await api.registered(external={"system": "file", "id": "KH-1"})
    text = "订单编号,客户编号,金额,下单日期,交付日期\nSO-1,KH-1,100,2024-06-08,2024-06-01\n"
    batch = await finished(api, await send(api, text.encode(), query="?kind=orders"))
    [row] = await rows_of(api, batch)
    assert (row["problem"]["column"], row["problem"]["code"]) == ("交付日期", "occurred-too-early")


async def test_23_a_day_in_a_file_fits_an_order_that_was_placed_later_on_that_day(api: Api) -> None:
    address = await api.registered(external={"system": "file", "id": "KH-1"})
    order = MONEY | {"external": {"system": "file", "id": "SO-1"}, "occurred_at": "2024-06-01T14:30:00+08:00"}
    assert (await api.post(f"{address}/orders", order)).status_code == 201
    text = "订单编号,客户编号,金额,下单日期,交付日期\nSO-1,KH-1,1000,2024-06-01,2024-06-01\n"
    assert await imported(api, text, "orders") == {"changed": 1}


async def test_23_a_message_that_is_out_of_order_is_parked_with_the_reason(api: Api, erp: Erp) -> None:
    order = {"order": {"system": "erp", "id": "SO-1"}}
    await erp.tell("company-stated", {"name": "上海腾云"})
    await erp.tell("order-placed", order | MONEY)
    await erp.tell("order-delivered", order | {"occurred_at": "2024-05-31T09:00:00+08:00"})
    async with background(erp.inbound.run):
        [reason] = await parked(api, erp, 1)
    assert reason.startswith("occurred-too-early")


async def test_23_a_task_is_not_done_before_it_was_made(world: World) -> None:
    customer_id = await world.hears_of_customer()
    address = await made(world, customer_id, "tasks", CALL_BACK | {"occurred_at": NOON.isoformat()})
    for path in ("completion", "cancellation"):
        early = {"occurred_at": (NOON - timedelta(hours=1)).isoformat()}
        refused = await world.post(f"{address}/{path}", early, OWNER, "sales")
        assert (refused.status_code, refused.json()["code"]) == (409, "occurred-too-early")
    done = await world.post(f"{address}/completion", {"occurred_at": (NOON - CLOCK_SKEW).isoformat()}, OWNER, "sales")
    assert done.status_code == 200
    assert (await world.get(address)).json()["completed_at"] == "2024-06-02T04:00:00Z"


HOURS: list[tuple[str, dict[str, Any]]] = [
    ("answer", {}),
    ("pause", {"reason": "waits"}),
    ("resumption", {}),
    ("communication", {"channel": "phone"}),
    ("confirmation", {}),
    ("closure", {}),
    ("reopening", {"reason": "again"}),
]
# The step before which each step is refused.
FOLLOWED = {"communication": "answer", "confirmation": "answer", "closure": "confirmation", "reopening": "closure"}


async def test_23_no_step_of_a_complaint_happens_before_those_that_it_follows(world: World) -> None:
    customer_id = await world.hears_of_customer()
    body = GRIEVANCE | {"occurred_at": NOON.isoformat()}
    address, times = await made(world, customer_id, "complaints", body), {"": NOON, "resumption": NOON}
    for hours, (step, said) in enumerate(HOURS, 1):
        followed = times["pause" if step == "resumption" else FOLLOWED.get(step, "")]
        early = said | {"occurred_at": (followed - timedelta(minutes=6)).isoformat()}
        refused = await world.post(f"{address}/{step}", early, OWNER, "sales")
        assert (step, refused.json().get("code")) == (step, "occurred-too-early")
        times[step] = NOON + timedelta(hours=hours)
        taken = await world.post(f"{address}/{step}", said | {"occurred_at": times[step].isoformat()}, OWNER, "sales")
        assert taken.status_code == 200, (step, taken.text)


async def test_23_a_stranger_does_not_learn_when_a_complaint_was_raised(world: World) -> None:
    customer_id = await world.hears_of_customer()
    address = await made(world, customer_id, "complaints", GRIEVANCE)
    early = {"occurred_at": "2020-01-01T09:00:00Z"}
    refused = await world.post(f"{address}/answer", early, "E9999", "sales")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_23_a_handover_is_not_accepted_or_withdrawn_before_it_started(api: Api) -> None:
    address = await api.registered(owner_id="E1", leader_id="E1001")
    await api.post(f"{address}/handover", {"to_owner_id": "E2"})
    early = {"occurred_at": (datetime.now(UTC) - timedelta(hours=1)).isoformat()}
    for path in ("acceptance", "withdrawal"):
        refused = await api.post(f"{address}/handover/{path}", early)
        assert (refused.status_code, refused.json()["code"]) == (409, "occurred-too-early")
    assert (await api.post(f"{address}/handover/acceptance", {})).status_code == 200


async def test_23_a_survey_is_not_answered_before_it_was_sent(world: World) -> None:
    customer_id = await world.hears_of_customer()
    for anonymous in (False, True):
        sent = await world.post(
            f"/v1/customers/{customer_id}/surveys", {"survey": "delivery", "kind": "csat", "anonymous": anonymous}
        )
        code = (await world.get(f"{sent.headers['Location']}/invitation")).json()["code"]
        answered = {"score": 5, "occurred_at": (datetime.now(UTC) - timedelta(hours=1)).isoformat()}
        refused = await world.post(f"/v1/survey-invitations/{code}/answer", answered)
        assert (refused.status_code, refused.json()["code"]) == (409, "occurred-too-early")
        assert (await world.post(f"/v1/survey-invitations/{code}/answer", {"score": 5})).is_success


async def test_37_a_file_states_the_day_of_registration(api: Api) -> None:
    text = "客户编号,客户名称,登记日期,生命周期阶段\nKH-1,上海腾云,2022-03-01,老客户\n"
    assert await imported(api, text) == {"created": 1}
    assert await imported(api, text) == {"unchanged": 1}
    changed = text.replace("2022-03-01", "2023-03-01").replace("生命周期阶段", "地区").replace("老客户", "华东")
    assert await imported(api, changed) == {"changed": 1}
    await api.listed(1)
    [listed] = (await api.get("/v1/customers")).json()["items"]
    assert listed["registered_at"] == "2022-03-01T01:00:00Z"
    entries = (await api.get(f"/v1/customers/{listed['id']}/events")).json()["items"]
    times = [datetime.fromisoformat(each["occurred_at"]) for each in entries]
    assert times[:2] == [datetime(2022, 3, 1, 1, tzinfo=UTC)] * 2
    assert datetime.now(UTC) - times[2] < timedelta(minutes=10)


async def test_37_a_day_of_registration_in_the_future_is_refused(api: Api) -> None:
    text = "客户编号,客户名称,登记日期\nKH-1,上海腾云,2199-03-01\n"
    [row] = await rows_of(api, await finished(api, await send(api, text.encode())))
    assert (row["problem"]["code"], row["problem"]["column"]) == ("in-future", "登记日期")


HISTORY = [
    ("orders", MONEY),
    ("quotes", {}),
    ("contracts", TERM),
    ("profile", {"profile": {"last_contacted_at": NOON.isoformat()}}),
]


@pytest.mark.parametrize(("kind", "body"), HISTORY)
async def test_37_the_earliest_fact_known_counts_as_the_registration(api: Api, kind: str, body: dict[str, Any]) -> None:
    address = await api.registered()

    async def at(instant: datetime) -> httpx.Response:
        headers = api.issuer.headers("ops", "ops")
        return await api.client.get(address, params={"as_of": instant.isoformat()}, headers=headers)

    assert (await at(NOON)).status_code == 404
    stated = body if kind == "profile" else body | {"occurred_at": NOON.isoformat()}
    assert (await api.post(f"{address}/{kind}", stated)).is_success

    async def dated() -> bool:
        return bool((await api.get(address)).json()["registered_at"] == "2024-06-02T04:00:00Z")

    await eventually(dated)
    past = await at(NOON)
    assert (past.status_code, past.json()["name"]) == (200, "上海腾云")
    assert past.json()["registered_at"] == "2024-06-02T04:00:00Z"
    assert (await at(NOON - timedelta(days=1))).status_code == 404
