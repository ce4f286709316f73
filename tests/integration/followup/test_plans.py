"""Plans on a real store: begun by facts of both kinds, heard twice without harm, carried on by the timer."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from chassis.postgres.database import open_pool, transaction
from chassis.runtime.settings import Settings
from chassis.runtime.supervisor import Supervisor
from chassis.service import ServiceContext
from contracts.customer import (
    ContractSigned,
    ImportantDateApproaching,
    Kind,
    OrderDelivered,
    OwnerAssigned,
    Registered,
    Stage,
    StageChanged,
    TierChanged,
)
from contracts.event import Envelope, Event
from contracts.examples import CUSTOMER_NAME, LEADER, OWNER, example, example_envelope
from contracts.followup import CalendarPublished, ContactLogged
from services.followup import workers
from services.followup.__main__ import dependencies
from services.followup.plans import memory
from services.followup.plans.runner import CUSTOMERS_AT_ONCE
from services.followup.shipped.plan_templates import SHIPPED
from tests.integration.followup.conftest import World
from tests.support.servers import Servers
from tests.unit.chassis.issuer import ISSUER

NOW = datetime.now(UTC).replace(microsecond=0)
BEGINNING = (Registered(kind=Kind.COMPANY, name=CUSTOMER_NAME), OwnerAssigned(owner_id=OWNER, leader_id=LEADER))
INTERESTED = StageChanged(previous=Stage.NEW, stage=Stage.INTERESTED)
SIGNED = StageChanged(previous=Stage.INTERESTED, stage=Stage.SIGNED)
VIP = TierChanged(scheme="default", tier="vip")
GROWTH = TierChanged(scheme="default", previous="vip", tier="growth")


class KilledError(Exception):
    """The process ended before its transaction."""


class ReceivedEvents:
    """The policy without its process, and a clock that the test moves."""

    def __init__(self, world: World) -> None:
        settings = Settings.model_validate(
            {"database_url": "unused", "issuer": ISSUER, "jwks_url": f"{ISSUER}/jwks", "pseudonym_key": "k" * 32}
        )
        needs = dependencies(ServiceContext(settings, world.pool, Supervisor(), None))  # type: ignore[arg-type]
        self.world = world
        self.now = NOW
        self.runner = workers.plan_runner(needs, "Asia/Shanghai", lambda: self.now)

    async def hear(self, envelopes: Sequence[Envelope[Any]]) -> None:
        async with transaction(self.world.pool) as held:
            await self.runner.receive(envelopes, held)

    async def hear_and_be_killed(self, envelopes: Sequence[Envelope[Any]]) -> None:
        """Carry everything out, and lose what was to be remembered of it."""
        async with transaction(self.world.pool) as held:
            await self.runner.receive(envelopes, held)
            raise KilledError

    async def publish(self, name: str, **changes: Any) -> None:
        """Publish what ships, and let the policy hear of it as it does from the service's own store."""
        answered = await self.world.send("PUT", f"/v1/plan-templates/{name}", json=said(name, **changes))
        assert answered.is_success, answered.text
        number = answered.json()["version"]
        await self.hear(facts(uuid4(), SHIPPED[name].model_validate(said(name, name=name, number=number, **changes))))

    async def plans(self, customer_id: UUID) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.world.get(f"/v1/customers/{customer_id}/plans")).json()["items"]
        return items

    async def tasks(self, customer_id: UUID) -> list[tuple[str, str, str]]:
        """Return step, state and assignee of each task, by when it is due."""
        await self.world.lists_are_level()
        rows = await self.world.pool.fetch(
            "SELECT plan_step, state, assignee_id FROM task WHERE customer_id = $1 ORDER BY due_at", customer_id
        )
        return [tuple(row) for row in rows]


def said(template: str, **changes: Any) -> dict[str, Any]:
    """Return what ships as a request."""
    return SHIPPED[template].model_dump(mode="json", exclude={"type", "name", "number"}) | changes


@pytest.fixture
async def heard(world: World) -> ReceivedEvents:
    return ReceivedEvents(world)


def facts(customer_id: UUID, *events: Event, at: datetime = NOW) -> list[Envelope[Any]]:
    return [
        example_envelope(event, id=uuid4(), subject=customer_id, occurred_at=at, recorded_at=at) for event in events
    ]


async def test_nothing_is_planned_until_a_template_has_been_published(heard: ReceivedEvents) -> None:
    customer_id = await heard.world.hears_of_customer()
    await heard.hear(facts(customer_id, *BEGINNING, INTERESTED))
    assert await heard.plans(customer_id) == []
    listed = (await heard.world.get("/v1/plan-templates", OWNER, "sales")).json()["items"]
    assert {each["name"]: each["is_in_force"] for each in listed} == dict.fromkeys(SHIPPED, False)


async def test_a_stage_begins_a_plan_and_the_next_mode_ends_it(heard: ReceivedEvents) -> None:
    customer_id = await heard.world.hears_of_customer()
    await heard.publish("before-the-deal")
    batch = facts(customer_id, *BEGINNING, INTERESTED)
    with pytest.raises(KilledError):
        await heard.hear_and_be_killed(batch)
    head = await heard.world.head()
    await heard.hear(batch)
    assert await heard.world.head() == head, "heard twice, done once"
    assert await heard.tasks(customer_id) == [(f"day-{day}", "open", OWNER) for day in (1, 3, 7, 14)]

    await heard.hear(facts(customer_id, SIGNED))
    assert {state for _, state, _ in await heard.tasks(customer_id)} == {"cancelled"}
    (ended,) = await heard.plans(customer_id)
    assert ended["ended_because"] == "mode-changed"


async def test_hesitation_begins_a_plan_and_says_so(heard: ReceivedEvents) -> None:
    customer_id = await heard.world.hears_of_customer()
    await heard.publish("will-think-again")
    await heard.hear(facts(customer_id, *BEGINNING))
    await heard.hear(facts(customer_id, example(ContactLogged, outcome="will-think-again")))
    (plan,) = await heard.plans(customer_id)
    (task,) = plan["tasks"]
    shown = (await heard.world.get(f"/v1/tasks/{task['task_id']}")).json()
    assert (shown["plan_id"], shown["plan_step"], shown["calendar"]) == (plan["id"], "day-2", "china-office")
    events = (await heard.world.get(f"/v1/customers/{customer_id}/events")).json()["items"]
    assert [each["type"].split(".")[2] for each in events] == ["plan-started", "task-scheduled"]
    assert len({each["recorded_at"] for each in events}) == 1, "in one append"


@pytest.mark.parametrize(
    ("name", "begins", "days"),
    [
        ("after-delivery", example(OrderDelivered), ["day-3", "day-7", "day-30"]),
        (
            "contract-end",
            example(ContractSigned, ends_on=(NOW + timedelta(days=70)).date()),
            ["before-60", "before-30", "before-7"],
        ),
    ],
)
async def test_what_is_delivered_and_what_runs_out_is_followed_up(
    heard: ReceivedEvents, name: str, begins: Event, days: list[str]
) -> None:
    customer_id = await heard.world.hears_of_customer()
    await heard.publish(name)
    await heard.hear(facts(customer_id, *BEGINNING, begins))
    assert [step for step, _, _ in await heard.tasks(customer_id)] == days


async def test_a_customer_without_an_owner_is_planned_for_once_it_has_one(heard: ReceivedEvents) -> None:
    customer_id = await heard.world.hears_of_customer()
    await heard.publish("before-the-deal")
    await heard.hear(facts(customer_id, BEGINNING[0], INTERESTED))
    assert await heard.tasks(customer_id) == []
    await heard.hear(facts(customer_id, BEGINNING[1]))
    assert len(await heard.tasks(customer_id)) == 4


async def test_another_tier_replans_what_is_open_and_the_timer_goes_on(heard: ReceivedEvents) -> None:
    customer_id = await heard.world.hears_of_customer()
    await heard.publish("after-the-deal")
    await heard.hear(facts(customer_id, *BEGINNING, VIP, SIGNED))
    monthly = await heard.tasks(customer_id)
    assert {step for step, _, _ in monthly} == {"every-1-months"}

    heard.now = NOW + timedelta(days=31)
    await heard.runner.run_due()
    assert len(await heard.tasks(customer_id)) > len(monthly)

    await heard.hear(facts(customer_id, GROWTH, at=NOW + timedelta(days=32)))
    after = await heard.tasks(customer_id)
    assert {state for step, state, _ in after if step == "every-1-months"} <= {"open", "cancelled"}
    assert ("every-3-months", "open", OWNER) in after


async def test_a_new_version_says_what_it_would_change_and_then_changes_it(heard: ReceivedEvents) -> None:
    customer_id = await heard.world.hears_of_customer()
    await heard.publish("before-the-deal")
    await heard.hear(facts(customer_id, *BEGINNING, INTERESTED))
    fewer = [each.model_dump(mode="json") for each in SHIPPED["before-the-deal"].steps[:2]]

    head = await heard.world.head()
    preview = await heard.world.post("/v1/plan-templates/before-the-deal/preview", said("before-the-deal", steps=fewer))
    assert (preview.json()["plans_changed"], preview.json()["tasks_cancelled"]) == (1, 2)
    assert await heard.world.head() == head

    await heard.publish("before-the-deal", steps=fewer)
    await heard.runner.run_due()
    assert [state for _, state, _ in await heard.tasks(customer_id)] == ["open", "open", "cancelled", "cancelled"]
    (plan,) = await heard.plans(customer_id)
    assert plan["number"] == 2


async def test_a_plan_that_is_done_ends(heard: ReceivedEvents) -> None:
    customer_id = await heard.world.hears_of_customer()
    await heard.publish("will-think-again")
    await heard.hear(facts(customer_id, *BEGINNING, example(ContactLogged, outcome="will-think-again")))
    heard.now = NOW + timedelta(days=40)
    await heard.runner.run_due()
    (plan,) = await heard.plans(customer_id)
    assert plan["ended_because"] == "done"


@pytest.mark.parametrize(("assign", "whom"), [("round-robin", {"E1", "E2"}), ("least-loaded", {"E1"})])
async def test_a_team_shares_the_work(heard: ReceivedEvents, assign: str, whom: set[str]) -> None:
    step = SHIPPED["will-think-again"].steps[0].model_dump(mode="json") | {"assign": assign, "team": ["E1", "E2"]}
    await heard.publish("will-think-again", steps=[step])
    busy = await heard.world.hears_of_customer()
    await heard.world.post(f"/v1/customers/{busy}/tasks", {"due_at": "2030-01-01T00:00:00Z", "assignee_id": "E2"})
    await heard.world.lists_are_level()
    found = set()
    for _ in range(2):
        customer_id = await heard.world.hears_of_customer()
        await heard.hear(facts(customer_id, *BEGINNING, example(ContactLogged, outcome="will-think-again")))
        found |= {who for _, _, who in await heard.tasks(customer_id)}
        if assign == "least-loaded":
            break
    assert found == whom


async def test_an_important_date_that_is_near_becomes_a_greeting_on_the_day(heard: ReceivedEvents) -> None:
    customer_id = await heard.world.hears_of_customer()
    await heard.publish("important-dates")
    on = (NOW + timedelta(days=5)).date()
    near = example(ImportantDateApproaching, on=on)
    await heard.hear(facts(customer_id, *BEGINNING, near))
    assert await heard.plans(customer_id) == [], "before the deal nobody is greeted"
    await heard.hear(facts(customer_id, INTERESTED, SIGNED, example(ImportantDateApproaching, on=on)))
    assert await heard.tasks(customer_id) == [("on-the-day", "open", OWNER)]


async def test_more_customers_than_are_written_at_once_all_have_their_plans(heard: ReceivedEvents) -> None:
    await heard.publish("after-delivery")
    customers = [await heard.world.hears_of_customer() for _ in range(CUSTOMERS_AT_ONCE + 1)]
    await heard.hear([fact for each in customers for fact in facts(each, *BEGINNING, example(OrderDelivered))])
    begun = await heard.world.pool.fetch("SELECT customer_id FROM plan")
    assert sorted(row["customer_id"] for row in begun) == sorted(customers)


async def test_plans_are_listed_in_pages_the_latest_first(heard: ReceivedEvents) -> None:
    customer_id = await heard.world.hears_of_customer()
    await heard.publish("after-delivery")
    await heard.hear(facts(customer_id, *BEGINNING))
    delivered = [facts(customer_id, example(OrderDelivered), at=NOW - timedelta(days=day)) for day in range(5)]
    await heard.hear([envelope for batch in delivered for envelope in batch])
    address, met = f"/v1/customers/{customer_id}/plans", []
    cursor: dict[str, str] = {}
    for left in (3, 1, 0):
        page = (await heard.world.get(address, limit=2, **cursor)).json()
        met += [plan["id"] for plan in page["items"]]
        assert page["has_more"] is (left > 0)
        cursor = {"cursor": page["next_cursor"]}
    assert len(set(met)) == 5
    assert met == [plan["id"] for plan in await heard.plans(customer_id)]


async def test_few_connections_are_enough_for_very_many_customers(heard: ReceivedEvents, running: Servers) -> None:
    database = await running.database("followup")
    pool = await open_pool(database.app, size=2, application_name="tests")
    few = replace(heard.world, pool=pool)
    narrow = ReceivedEvents(few)
    ids = [uuid4() for _ in range(CUSTOMERS_AT_ONCE)]
    async with transaction(pool) as held:
        await memory.publish(held, SHIPPED["before-the-deal"].model_copy(update={"number": 1}), NOW)
    begin = [fact for each in ids for fact in facts(each, *BEGINNING, INTERESTED)]
    await narrow.hear(begin)
    await narrow.hear([fact for each in ids for fact in facts(each, SIGNED)])
    rows = await pool.fetch("SELECT customer_id, ended_because FROM plan")
    await pool.close()
    assert sorted(row["customer_id"] for row in rows) == sorted(ids)
    assert {row["ended_because"] for row in rows} == {"mode-changed"}


async def test_a_step_that_falls_on_a_day_that_is_closed_moves_to_the_next_workday(heard: ReceivedEvents) -> None:
    customer_id = await heard.world.hears_of_customer()
    await heard.publish("after-delivery")
    await heard.hear(facts(customer_id, *BEGINNING, example(OrderDelivered)))
    (plan,) = await heard.plans(customer_id)
    first, second, third = plan["tasks"]
    zone = ZoneInfo("Asia/Shanghai")
    day = datetime.fromisoformat(third["due_at"]).astimezone(zone).date().isoformat()
    closed = await heard.world.post("/v1/calendars/china-office/closures", {"days": [day]})
    assert closed.is_success
    await heard.hear(facts(uuid4(), example(CalendarPublished, name="china-office")))

    await heard.runner.run_due()

    (after,) = await heard.plans(customer_id)
    assert after["tasks"][:2] == [first, second]
    assert (after["tasks"][2]["task_id"], after["tasks"][2]["due_at"] > third["due_at"]) == (third["task_id"], True)


async def test_plans_go_by_a_calendar_that_waits_once_it_is_in_force(heard: ReceivedEvents) -> None:
    customer_id = await heard.world.hears_of_customer()
    await heard.publish("after-delivery")
    await heard.hear(facts(customer_id, *BEGINNING, example(OrderDelivered)))
    (before,) = await heard.plans(customer_id)
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    on_sundays = {"week": [*[[]] * 6, [{"start": 540, "end": 720}]], "made_up": [], "effective_from": str(in_an_hour)}
    published = await heard.world.send("PUT", "/v1/calendars/china-office", json=on_sundays)
    assert published.is_success, published.text
    await heard.hear(facts(uuid4(), example(CalendarPublished, name="china-office", effective_from=in_an_hour)))

    await heard.runner.run_due()
    (meanwhile,) = await heard.plans(customer_id)
    assert meanwhile == before

    heard.now = in_an_hour
    await heard.runner.run_due()
    (after,) = await heard.plans(customer_id)
    moved = [datetime.fromisoformat(task["due_at"]).astimezone(ZoneInfo("Asia/Shanghai")) for task in after["tasks"]]
    assert [each.isoweekday() for each in moved] == [7, 7, 7]


async def test_plans_go_over_to_a_template_that_waits_once_it_is_in_force(heard: ReceivedEvents) -> None:
    early, meanwhile, late = [await heard.world.hears_of_customer() for _ in range(3)]
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    steps = [{"name": "day-5", "offset": 5, "purpose": "callback"}]
    await heard.publish("after-delivery")
    await heard.hear(facts(early, *BEGINNING, example(OrderDelivered)))
    await heard.publish("after-delivery", steps=steps, effective_from=in_an_hour.isoformat())

    await heard.hear(facts(meanwhile, *BEGINNING, example(OrderDelivered)))
    await heard.runner.run_due()
    assert [(await heard.plans(each))[0]["number"] for each in (early, meanwhile)] == [1, 1]

    # A fact that is heard of before any timer has run finds it in force already.
    heard.now = in_an_hour
    await heard.hear(facts(late, *BEGINNING, example(OrderDelivered), at=in_an_hour))
    assert (await heard.plans(late))[0]["number"] == 2
    await heard.runner.run_due()
    assert [(await heard.plans(each))[0]["number"] for each in (early, meanwhile, late)] == [2, 2, 2]
    assert [step for step, state, _ in await heard.tasks(early) if state == "open"] == ["day-5"]


async def test_a_template_that_waits_and_is_overtaken_never_comes_into_force(heard: ReceivedEvents) -> None:
    customer_id = await heard.world.hears_of_customer()
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    await heard.publish("after-delivery")
    await heard.publish("after-delivery", once=True, effective_from=in_an_hour.isoformat())
    await heard.publish("after-delivery")
    heard.now = in_an_hour
    await heard.runner.run_due()
    await heard.hear(facts(customer_id, *BEGINNING, example(OrderDelivered), at=in_an_hour))
    assert [plan["number"] for plan in await heard.plans(customer_id)] == [3]
    assert (await heard.world.get("/v1/plan-templates/after-delivery")).json()["once"] is False
