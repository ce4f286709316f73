"""What happens between two statements of those that store, append and handle pending changes."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.commands.command import Context
from chassis.commands.command_handler import CommandHandler
from chassis.http.as_of import AsOf
from chassis.postgres.database import Connection, transaction
from contracts.alerts import AlertCarriedIn
from contracts.customer import CustomerErased, Merged, Unmerged
from contracts.event import Envelope
from contracts.examples import example
from contracts.followup import Channel, ContactLogged, Direction, TaskScheduled
from services.alerts.commands import Comment
from services.alerts.detection import appending, pending_changes
from services.alerts.detection.pending_changes import Caused
from services.alerts.detection.pending_timer import PendingTimer
from services.alerts.domain.alert import ALERT
from services.alerts.handling import AlertHandler
from services.alerts.queries.alerts import AlertFilters
from services.alerts.queries.past import state_at
from services.alerts.queries.past_list import PastAlerts
from tests.integration.alerts.test_pending_changes import CAUSED
from tests.support.facts import received_of
from tests.support.many_alerts import ALERTS, AT_ONCE, NOW, Many
from tests.support.rule_desk import RuleDesk, days_ago, kinds, silence


async def append_all(many: Many) -> None:
    while await many.timer.run_due():
        pass
    assert many.timer.problem() is None


async def test_a_change_that_is_stored_while_earlier_ones_are_appended_follows_them(
    many: Many, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The undoing of the merge is stored after the timer took the merge, and before it read the latest events."""
    taken = pending_changes.take

    async def take(held: Connection, alert_ids: Collection[UUID]) -> list[Caused]:
        found = await taken(held, alert_ids)
        monkeypatch.setattr(pending_changes, "take", taken)
        await many.desk.tell(many.customer_id, Unmerged(from_customer_id=many.survivor_id))
        return found

    monkeypatch.setattr(pending_changes, "take", take)
    await append_all(many)
    for number in range(ALERTS):
        told = await many.of(number)
        assert told[-1].subject == many.customer_id, number
        carried = [each.subject == many.customer_id for each in told if kinds([each])[0].startswith("carried")]
        assert carried == [True, False, False, True], number


async def test_an_alert_that_ends_while_it_is_raised_is_ended(desk: RuleDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A contact is received after the timer took the raising, and before it read the latest events."""
    monkeypatch.setattr(appending, "MAX_ALERTS_AT_ONCE", AT_ONCE)
    for number in range(ALERTS):
        await desk.publish(f"calls-{number}", silence(7))
    customer_id = await desk.customer(10)
    await desk.settle()
    assert await desk.pool.fetchval("SELECT count(*) FROM pending_change") == ALERTS
    timer, taken = PendingTimer(desk.pool, desk.detector, pause_seconds=0), pending_changes.take
    contact = ContactLogged(
        channel=Channel.PHONE, direction=Direction.OUTBOUND, employee_id="E1", automated=False, outcome="reached"
    )

    async def take(held: Connection, alert_ids: Collection[UUID]) -> list[Caused]:
        found = await taken(held, alert_ids)
        monkeypatch.setattr(pending_changes, "take", taken)
        await desk.tell(customer_id, contact, stream_id=uuid4())
        return found

    monkeypatch.setattr(pending_changes, "take", take)
    while await timer.run_due():
        pass
    assert timer.problem() is None
    for number in range(ALERTS):
        assert kinds(await desk.told(f"calls-{number}")) == ["raised", "cleared"]


async def erased_in_between(many: Many, monkeypatch: pytest.MonkeyPatch) -> int:
    """Comment on an alert that is carried to a customer which is erased after the request saw that nothing is pending.

    Return how many texts there are.
    """
    await append_all(many)
    last_id = await many.desk.customer(9)
    latest = AlertHandler.latest

    async def late(self: AlertHandler, alert_id: UUID) -> Any:
        found = await latest(self, alert_id)
        monkeypatch.setattr(AlertHandler, "latest", latest)
        await many.desk.tell(many.survivor_id, Merged(into_customer_id=last_id))
        await many.desk.tell(last_id, example(CustomerErased))
        return found

    monkeypatch.setattr(AlertHandler, "latest", late)
    await many.desk.ask("POST", f"/v1/alerts/{await many.alert(1)}/comments", {"text": "13800002222"})
    await append_all(many)
    return int(await many.desk.pool.fetchval("SELECT count(*) FROM vault"))


@pytest.mark.parametrize("at_once", [AT_ONCE, 100])
async def test_no_text_is_added_to_an_alert_whose_carrying_is_stored_in_between(
    many: Many, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """With 100, the events of the merge refuse the comment."""
    monkeypatch.setattr(appending, "MAX_ALERTS_AT_ONCE", at_once)
    assert await erased_in_between(many, monkeypatch) == 0


@pytest.mark.parametrize("at_once", [AT_ONCE, 100])
async def test_an_erasure_in_the_batch_of_the_merge_deletes_the_texts(
    many: Many, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    await append_all(many)
    desk, last_id = many.desk, await many.desk.customer(9)
    monkeypatch.setattr(appending, "MAX_ALERTS_AT_ONCE", at_once)
    await desk.done("POST", f"/v1/alerts/{await many.alert(1)}/comments", {"text": "13800001111"})
    merged, erased = [
        Envelope(uuid4(), subject, subject, 1, place, NOW, NOW, CAUSED, event)
        for place, (subject, event) in enumerate(
            [(many.survivor_id, Merged(into_customer_id=last_id)), (last_id, example(CustomerErased))], 1_000
        )
    ]
    async with transaction(desk.pool) as held:
        await desk.detector.apply(received_of([merged, erased]), held)
    await append_all(many)
    assert await desk.pool.fetchval("SELECT count(*) FROM vault") == 0


@pytest.mark.parametrize("at_once", [AT_ONCE, 100])
async def test_no_text_is_added_to_an_alert_that_returns_to_an_erased_customer_in_between(
    many: Many, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """The alert was raised under the duplicate. The merge is undone, and the duplicate erased."""
    await append_all(many)
    monkeypatch.setattr(appending, "MAX_ALERTS_AT_ONCE", at_once)
    latest = AlertHandler.latest

    async def late(self: AlertHandler, alert_id: UUID) -> Any:
        found = await latest(self, alert_id)
        monkeypatch.setattr(AlertHandler, "latest", latest)
        await many.desk.tell(many.customer_id, Unmerged(from_customer_id=many.survivor_id))
        await many.desk.tell(many.customer_id, example(CustomerErased))
        return found

    monkeypatch.setattr(AlertHandler, "latest", late)
    await many.desk.ask("POST", f"/v1/alerts/{await many.alert(1)}/comments", {"text": "13800002222"})
    await append_all(many)
    assert await many.desk.pool.fetchval("SELECT count(*) FROM vault") == 0


@pytest.mark.parametrize("size", [1, 2])
async def test_an_erasure_in_the_batch_that_undoes_a_merge_deletes_the_texts(desk: RuleDesk, size: int) -> None:
    """Few alerts: no change is stored. The alert about a task of the duplicate was raised under the survivor."""
    customer_id, survivor_id = await desk.customer(1), await desk.customer(1)
    await desk.tell(customer_id, Merged(into_customer_id=survivor_id))
    due = days_ago(2)
    await desk.tell(customer_id, TaskScheduled(assignee_id="E1", due_at=due), days_ago(3), stream_id=uuid4())
    await desk.settle()
    (raised,) = await desk.told("missed-follow-up")
    assert raised.subject == survivor_id
    await desk.done("POST", f"/v1/alerts/{raised.stream_id}/comments", {"text": "13800001111"})
    undone, erased = [
        Envelope(uuid4(), customer_id, customer_id, 1, place, NOW, NOW, CAUSED, event)
        for place, event in enumerate((Unmerged(from_customer_id=survivor_id), example(CustomerErased)), 1_000)
    ]
    for batch in [[undone, erased]] if size == 2 else [[undone], [erased]]:
        async with transaction(desk.pool) as held:
            await desk.detector.apply(received_of(batch), held)
    assert await desk.pool.fetchval("SELECT count(*) FROM vault") == 0


@pytest.mark.parametrize("at_once", [AT_ONCE, 100])
async def test_a_past_alert_has_its_new_customer_although_a_person_handled_it_before_the_carrying_was_appended(
    many: Many, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """The clock of the comment is ahead of that of the merge, as if it was stored after the merge was evaluated."""
    await append_all(many)
    desk, last_id, alert_id = many.desk, await many.desk.customer(9), await many.alert(1)
    monkeypatch.setattr(appending, "MAX_ALERTS_AT_ONCE", at_once)
    context = Context("late", "E1", "tests", datetime.now(UTC) + timedelta(seconds=1))
    handler = CommandHandler(desk.store, ALERT, desk.mapper)
    comment = Comment(text="13800001111").with_moment("E1", context.now)
    await handler.handle(alert_id, comment, context, subject=many.survivor_id)
    await desk.tell(many.survivor_id, Merged(into_customer_id=last_id))
    await append_all(many)
    await desk.follow()
    told = await many.of(1)
    carried = next(each for each in reversed(told) if isinstance(each.event, AlertCarriedIn))
    assert carried.subject == last_id
    now = AsOf(context.now + timedelta(seconds=1))
    state = state_at(told, now)
    assert state is not None
    assert state.subject == last_id
    page = await PastAlerts(desk.pool, desk.mapper, now).page(AlertFilters(customer_id=last_id), None, ALERTS)
    assert alert_id in [each.id for each in page]
