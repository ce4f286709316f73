"""The routes that explain what the rules do with a customer."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import httpx
import pytest

from chassis.postgres.database import transaction
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.customer import Merged, OwnerAssigned, Registered, Stage, StageChanged
from contracts.event import Event
from contracts.examples import CUSTOMER_ID, TASK_ID, example, example_envelope
from contracts.followup import TaskScheduled
from contracts.topics import CUSTOMER_EVENTS, FOLLOWUP_EVENTS
from services.alerts.api import why
from services.alerts.detection.detector import CONSUMER, Detector
from services.alerts.shipped.rules import DEFAULT_RULES
from tests.integration.alerts.test_past import Databases, databases, get
from tests.support.facts import received_of

__all__ = ["databases", "get"]
Get = Callable[..., Awaitable[httpx.Response]]
NOW = datetime.now(UTC)
SURVIVOR = uuid5(CUSTOMER_ID, "survivor")
ESTABLISHED = StageChanged(previous=Stage.NEW, stage=Stage.ESTABLISHED)
COMPLETE = """
    INSERT INTO consumer_position (consumer, topic, partition, position, watermark)
    SELECT $1, topic, partition, 1, now() FROM unnest($2::text[]) topic, generate_series(0, 5) partition
    ON CONFLICT (consumer, topic, partition) DO UPDATE SET watermark = now()
"""


async def tell(databases: Databases, days_ago: float, *events: Event, subject: UUID = CUSTOMER_ID) -> None:
    position = await databases.app.fetchval("SELECT coalesce(max(position), 0) FROM fact")
    at = NOW - timedelta(days=days_ago)
    envelopes = [
        example_envelope(
            event,
            id=uuid5(subject, f"{position + number}"),
            subject=subject,
            position=position + number,
            occurred_at=at,
        )
        for number, event in enumerate(events, 1)
    ]
    detector = Detector(EventStore(databases.app), databases.app, EventMapper(), DEFAULT_RULES)
    async with transaction(databases.app) as held:
        await detector.apply(received_of(envelopes), held)


async def look(databases: Databases) -> None:
    """Let all events be complete up to now, and raise what is due."""
    await databases.app.execute(COMPLETE, CONSUMER, [CUSTOMER_EVENTS.name, FOLLOWUP_EVENTS.name])
    await Detector(EventStore(databases.app), databases.app, EventMapper(), DEFAULT_RULES).run_due()


A_CUSTOMER = (example(Registered), ESTABLISHED, OwnerAssigned(owner_id="E1"))


async def test_every_rule_says_what_it_does_with_the_customer(databases: Databases, get: Get) -> None:
    await tell(databases, 121, *A_CUSTOMER)
    found = (await get(f"/v1/customers/{CUSTOMER_ID}/rules", "E1", "sales")).json()
    assert [each["rule_id"] for each in found["rules"]] == [rule.id for rule in DEFAULT_RULES.rules]
    codes = {each["rule_id"]: each["reason"] and each["reason"]["code"] for each in found["rules"]}
    assert (codes["inactivity"], codes["missed-follow-up"]) == (None, "nothing-to-watch")


async def test_one_rule_says_why_its_alert_waits_and_then_names_it(databases: Databases, get: Get) -> None:
    await tell(databases, 121, *A_CUSTOMER)
    path = f"/v1/customers/{CUSTOMER_ID}/rules/inactivity"
    waiting = (await get(path)).json()
    assert (waiting["is_open"], waiting["watched"][0]["reason"]["code"]) == (False, "events-behind")
    await look(databases)
    raised = (await get(path)).json()
    alert_id = await databases.app.fetchval("SELECT stream_id FROM event WHERE type = 'care.alert.raised.v1'")
    assert (raised["is_open"], raised["watched"][0]["alert_id"]) == (True, str(alert_id))
    assert raised["watched"][0]["reason"]["text"]["zh"].endswith("起未解除。")


async def test_of_many_open_items_those_that_are_due_first_are_shown(
    databases: Databases, get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(why, "MAX_WATCHED", 2)
    await tell(databases, 5, *A_CUSTOMER)
    for number in (9, 7, 8):
        task = TaskScheduled(due_at=NOW + timedelta(days=number), assignee_id="E1")
        await tell_task(databases, task, uuid5(TASK_ID, str(number)))
    found = (await get(f"/v1/customers/{CUSTOMER_ID}/rules/missed-follow-up")).json()
    assert found["watched_count"] == 3
    assert [each["concerns_id"] for each in found["watched"]] == [str(uuid5(TASK_ID, each)) for each in "78"]


async def tell_task(databases: Databases, task: TaskScheduled, task_id: UUID) -> None:
    detector = Detector(EventStore(databases.app), databases.app, EventMapper(), DEFAULT_RULES)
    async with transaction(databases.app) as held:
        await detector.evaluate([example_envelope(task, stream_id=task_id, id=uuid5(task_id, "event"))], held)


async def test_a_merged_customer_is_moved(databases: Databases, get: Get) -> None:
    await tell(databases, 5, *A_CUSTOMER)
    await tell(databases, 4, *A_CUSTOMER, subject=SURVIVOR)
    await tell(databases, 3, Merged(into_customer_id=SURVIVOR))
    moved = await get(f"/v1/customers/{CUSTOMER_ID}/rules/inactivity")
    assert (moved.status_code, moved.json()["canonical_id"]) == (410, str(SURVIVOR))
    assert moved.headers["link"] == f'</v1/customers/{SURVIVOR}/rules/inactivity>; rel="canonical"'


@pytest.mark.parametrize("path", [f"/v1/customers/{SURVIVOR}/rules", f"/v1/customers/{CUSTOMER_ID}/rules/no-such-rule"])
async def test_an_unknown_customer_or_rule_is_not_found(databases: Databases, get: Get, path: str) -> None:
    await tell(databases, 5, *A_CUSTOMER)
    assert (await get(path)).status_code == 404


async def test_only_holders_of_the_customer_may_ask(databases: Databases, get: Get) -> None:
    await tell(databases, 5, *A_CUSTOMER)
    assert (await get(f"/v1/customers/{CUSTOMER_ID}/rules", "E9", "sales")).status_code == 403
