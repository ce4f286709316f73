"""Alerts as of a past instant: what was open then, and what was then thought to be open."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import httpx
import pytest

from chassis.http.as_of import AsOf
from chassis.http.auth import Authenticator
from chassis.postgres.database import Pool, open_pool, transaction
from chassis.runtime.supervisor import Supervisor
from chassis.service import ServiceContext
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts import alerts
from contracts.alerts import Status
from contracts.customer import Merged, OwnerAssigned, Registered, Unmerged
from contracts.event import Envelope, Event
from contracts.examples import ALERT_ID, CAUSE_ID, example, example_envelope
from services.alerts.__main__ import build
from services.alerts.detection.detector import Detector
from services.alerts.queries.alerts import AlertFilters
from services.alerts.queries.past import state_at
from services.alerts.queries.past_list import PastAlerts
from services.alerts.schema import HERE
from tests.integration.alerts.past_histories import CUSTOMERS, OWNERS, RULES, day, histories, project, store
from tests.support.facts import received_of
from tests.support.rule_books import THREE_RULES
from tests.support.servers import Servers
from tests.unit.chassis.issuer import SETTINGS, Issuer, client_of

ALERTS, QUESTIONS, LAST_DAY = 60, 60, 40


@dataclass
class Databases:
    app: Pool
    admin: Pool


@pytest.fixture
async def databases(running: Servers) -> AsyncIterator[Databases]:
    database = await running.database("alerts")
    app = await open_pool(database.app, size=3, application_name="tests")
    admin = await open_pool(database.admin, size=1, application_name="tests")
    yield Databases(app, admin)
    await app.close()
    await admin.close()


def instants(chance: random.Random, heard: Sequence[Envelope[Any]]) -> AsOf:
    """Return instants of a question: any, or exactly those of an event."""
    told_at = (chance.choice(heard).occurred_at, chance.choice(heard).event.starts_at)
    at = chance.choice((day(chance.uniform(0, LAST_DAY)), *told_at))
    recorded = chance.choice((day(chance.uniform(0, LAST_DAY)), chance.choice(heard).recorded_at))
    return chance.choice((AsOf(at), AsOf(None, recorded), AsOf(at, recorded)))


def filters_of(chance: random.Random) -> AlertFilters:
    return AlertFilters(
        status=chance.choice((None, None, "firing", "acknowledged")),
        rule_id=chance.choice((None, *RULES)),
        owner_id=chance.choice((None, *OWNERS)),
        customer_id=chance.choice((None, *CUSTOMERS)),
    )


def expected(heard: Sequence[Envelope[Any]], as_of: AsOf, filters: AlertFilters) -> list[tuple[UUID, int, datetime]]:
    found = []
    for alert_id in sorted({each.stream_id for each in heard}):
        state = state_at([each for each in heard if each.stream_id == alert_id], as_of)
        if state is not None and state.event.status is not Status.RESOLVED and matches(state, filters):
            found.append((alert_id, state.version, state.event.starts_at))
    return found


def matches(state: Envelope[Any], filters: AlertFilters) -> bool:
    asked = (filters.status, filters.rule_id, filters.owner_id, filters.customer_id)
    values = (state.event.status, state.event.rule_id, state.event.owner_id, state.subject)
    return all(wanted is None or wanted == value for wanted, value in zip(asked, values, strict=True))


@pytest.mark.parametrize("seed", range(3))
async def test_the_list_has_the_alerts_whose_events_say_that_they_were_open(databases: Databases, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    heard = histories(chance, ALERTS)
    await store(databases.admin, heard)
    await project(databases.app, heard, chance)
    found = 0
    for _ in range(QUESTIONS):
        as_of, filters = instants(chance, heard), filters_of(chance)
        page = await PastAlerts(databases.app, EventMapper(), as_of).page(filters, None, ALERTS)
        rows = [(each.id, each.version, each.starts_at) for each in page]
        assert rows == expected(heard, as_of, filters), (as_of, filters)
        found += len(rows)
    assert found > QUESTIONS


async def test_pages_of_the_past_join_up(databases: Databases) -> None:
    chance = random.Random(5)  # noqa: S311 - not for secrets
    heard = histories(chance, ALERTS)
    await store(databases.admin, heard)
    await project(databases.app, heard, chance)
    past, after, joined = PastAlerts(databases.app, EventMapper(), AsOf(day(12))), None, []
    while page := (await past.page(AlertFilters(), after, 4))[:4]:
        joined += [each.id for each in page]
        after = page[-1].id
    assert len(joined) > 4
    assert joined == [each.id for each in await past.page(AlertFilters(), None, ALERTS)]


async def test_the_migration_fills_the_history_like_the_projection(databases: Databases) -> None:
    chance = random.Random(7)  # noqa: S311 - not for secrets
    heard = histories(chance, ALERTS)
    await store(databases.admin, heard)
    await project(databases.app, heard, chance)
    rows = "SELECT * FROM alert_history ORDER BY alert_id, version"
    projected = [tuple(row) for row in await databases.admin.fetch(rows)]
    await databases.admin.execute("TRUNCATE alert_history")
    await databases.admin.execute(filling())
    assert [tuple(row) for row in await databases.admin.fetch(rows)] == projected
    assert projected


def filling() -> str:
    """Return the statement of the migration that fills the table."""
    (migration,) = (HERE / "migrations").glob("*_alert_history.sql")
    begin = (text := migration.read_text()).index("INSERT INTO alert_history")
    return text[begin : text.index(";", begin)]


Get = Callable[..., Awaitable[httpx.Response]]
OLD, SURVIVOR = CUSTOMERS[:2]
MERGED_ON, RELEASED_ON = 10, 20


@pytest.fixture
async def get(databases: Databases, issuer: Issuer) -> AsyncIterator[Get]:
    """Call the API; as ops if nobody is named."""
    app = build(ServiceContext(SETTINGS, databases.app, Supervisor(), Authenticator(SETTINGS))).app
    async with client_of(app) as http:

        async def ask(path: str, subject: str = "ops", role: str = "ops", **query: str) -> httpx.Response:
            return await http.get(path, params=query, headers=issuer.headers(subject, role))

        yield ask


def told(position: int, at: float, event: Event, subject: UUID = OLD) -> Envelope[Any]:
    return example_envelope(
        event,
        id=uuid5(subject, f"told {position}"),
        subject=subject,
        stream_id=ALERT_ID if isinstance(event, alerts.AlertEvent) else subject,
        version=position,
        position=position,
        occurred_at=day(at),
        recorded_at=day(at),
    )


OPEN = {"status": Status.FIRING, "silent_since": day(1), "starts_at": day(5), "ends_at": None, "owner_id": "E1"}
CARRIED = (
    told(1, 5, example(alerts.AlertRaised, **OPEN)),
    told(2, MERGED_ON, example(alerts.AlertCarriedAway, **OPEN, to_customer_id=SURVIVOR)),
    told(3, MERGED_ON, example(alerts.AlertCarriedIn, **OPEN, from_customer_id=OLD), SURVIVOR),
    told(4, RELEASED_ON, example(alerts.AlertCarriedAway, **OPEN, to_customer_id=OLD), SURVIVOR),
    told(5, RELEASED_ON, example(alerts.AlertCarriedIn, **OPEN, from_customer_id=SURVIVOR)),
)
CUSTOMER_LIFE = (
    told(1, 0, example(Registered)),
    told(2, 0, OwnerAssigned(owner_id="E1")),
    told(3, 0, example(Registered), SURVIVOR),
    told(4, 0, OwnerAssigned(owner_id="E4"), SURVIVOR),
    told(5, MERGED_ON, Merged(into_customer_id=SURVIVOR)),
    told(6, RELEASED_ON, Unmerged(from_customer_id=SURVIVOR)),
)


@pytest.fixture
async def carried(databases: Databases) -> None:
    """An alert that is carried by a merge and returns when the merge is undone."""
    detector = Detector(EventStore(databases.app), databases.app, EventMapper(), THREE_RULES)
    async with transaction(databases.app) as held:
        await detector.apply(received_of(CUSTOMER_LIFE), held)
    await store(databases.admin, CARRIED)
    await project(databases.app, CARRIED, random.Random(1))  # noqa: S311 - not for secrets


after_a_merge = pytest.mark.usefixtures("carried")


def alerts_of(customer_id: UUID) -> str:
    return f"/v1/customers/{customer_id}/alerts"


@after_a_merge
@pytest.mark.parametrize("which", ["as_of", "as_recorded"])
@pytest.mark.parametrize("at", [7, 25])
async def test_before_a_merge_and_after_its_end_both_customers_answer_separately(get: Get, at: int, which: str) -> None:
    old, survivor = [await get(alerts_of(each), **{which: day(at).isoformat()}) for each in (OLD, SURVIVOR)]
    assert [item["id"] for item in old.json()["items"]] == [str(ALERT_ID)]
    assert (survivor.status_code, survivor.json()["items"]) == (200, [])


@after_a_merge
@pytest.mark.parametrize("which", ["as_of", "as_recorded"])
async def test_while_it_is_merged_the_old_customer_is_moved_to_the_other(get: Get, which: str) -> None:
    then = {which: day(15).isoformat()}
    moved = await get(alerts_of(OLD), **then)
    assert (moved.status_code, moved.json()["code"], moved.json()["canonical_id"]) == (410, "moved", str(SURVIVOR))
    assert moved.headers["link"] == f'<{alerts_of(SURVIVOR)}>; rel="canonical"'
    (item,) = (await get(alerts_of(SURVIVOR), **then)).json()["items"]
    assert (item["id"], item["customer_id"], item["version"]) == (str(ALERT_ID), str(SURVIVOR), 3)


@after_a_merge
async def test_what_was_known_of_a_merge_counts(get: Get) -> None:
    """As of day 15, but only by what was recorded before the merge."""
    asked = {"as_of": day(15).isoformat(), "as_recorded": day(7).isoformat()}
    assert [item["version"] for item in (await get(alerts_of(OLD), **asked)).json()["items"]] == [1]


@after_a_merge
async def test_now_the_customers_are_separate(get: Get) -> None:
    assert [item["customer_id"] for item in (await get(alerts_of(OLD))).json()["items"]] == [str(OLD)]
    assert (await get(alerts_of(SURVIVOR))).json()["items"] == []


@after_a_merge
async def test_present_holders_decide_who_reads_the_past(get: Get) -> None:
    then = {"as_of": day(15).isoformat()}
    assert [(await get(alerts_of(SURVIVOR), each, "sales", **then)).status_code for each in ("E1", "E4")] == [403, 200]
    listed = {each: (await get("/v1/alerts", each, "sales", **then)).json()["items"] for each in ("E1", "E4")}
    assert [len(listed[each]) for each in ("E1", "E4")] == [1, 0]


@after_a_merge
async def test_one_alert_is_read_as_of_an_instant(get: Get) -> None:
    path = f"/v1/alerts/{ALERT_ID}"
    assert (await get(path, as_of=day(4).isoformat())).status_code == 404
    found = (await get(path, as_of=day(12).isoformat())).json()
    assert (found["version"], found["customer_id"]) == (3, str(SURVIVOR))
    assert (await get(path)).json()["version"] == 5


@pytest.mark.parametrize(("name", "value"), [("status", "resolved"), ("open", "true"), ("snoozed", "false")])
@pytest.mark.parametrize("which", ["as_of", "as_recorded"])
async def test_a_filter_that_has_no_meaning_in_the_past_is_refused(get: Get, name: str, value: str, which: str) -> None:
    refused = (await get("/v1/alerts", **{which: day(7).isoformat(), name: value})).json()
    assert (refused["code"], [each["pointer"] for each in refused["errors"]]) == (
        "validation-failed",
        [f"query:{name}"],
    )
    assert (await get("/v1/alerts", **{name: value})).status_code == 200


async def test_an_unknown_customer_has_no_alerts_to_read(get: Get) -> None:
    assert (await get(alerts_of(OLD))).status_code == 404


@after_a_merge
async def test_evidence_opens_to_the_events_that_led_to_the_alert(databases: Databases, get: Get) -> None:
    cause = CUSTOMER_LIFE[0]
    raised = told(
        6, 30, example(alerts.AlertAcknowledged, **OPEN | {"status": "acknowledged", "causes": (cause.id, CAUSE_ID)})
    )
    await store(databases.admin, [replace(raised, position=6)])
    await project(databases.app, [raised], random.Random(1))  # noqa: S311 - not for secrets
    (evidence,) = (await get(f"/v1/alerts/{ALERT_ID}")).json()["evidence"]
    assert (evidence["id"], evidence["service"], evidence["type"]) == (str(cause.id), "customer", cause.event.type)
    assert evidence["link"] == f"/v1/customers/{OLD}/events?after=0&limit=1"


@after_a_merge
async def test_open_alerts_are_counted_by_rule_owner_and_severity(get: Get) -> None:
    counts = (await get("/v1/alerts/counts", "E1", "sales")).json()
    rule_id = example(alerts.AlertRaised).rule_id
    assert counts == {
        "open": 1,
        "rules": [{"rule_id": rule_id, "open": 1}],
        "owners": [{"owner_id": "E1", "open": 1}],
        "severities": [{"severity": "warning", "open": 1}],
    }
    assert (await get("/v1/alerts/counts", "E4", "sales")).json()["open"] == 0
