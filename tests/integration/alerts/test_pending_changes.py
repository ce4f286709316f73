"""A customer has many alerts that change at once: their events are appended later, in parts (ADR 0046)."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from chassis.commands.command import Context
from chassis.commands.command_handler import CommandHandler
from chassis.postgres.database import transaction
from contracts.alerts import AlertCleared, AlertRaised, AlertWithdrawn, CareReported
from contracts.customer import CustomerErased, Merged, OwnerAssigned
from contracts.event import Metadata
from contracts.examples import example
from services.alerts.commands import Comment
from services.alerts.detection import pending_changes
from services.alerts.detection.pending_changes import Caused
from services.alerts.detection.pending_timer import RETRY
from services.alerts.domain.alert import ALERT
from services.alerts.engine.changes import CareReporting, Carrying, Ending, Moving, Raising, Readdressing
from services.alerts.engine.episode import episode_of
from services.alerts.handling import AlertHandler
from services.alerts.ladder.timer import anybody
from tests.support.many_alerts import ALERTS, AT_ONCE, NOW, Many
from tests.support.rule_desk import RuleDesk, kinds

CAUSED = Metadata(actor="alerts", correlation_id="tests", causation_id=uuid4(), traceparent="00-trace")


async def test_the_alerts_of_a_customer_are_carried_in_parts(many: Many) -> None:
    counts = [await many.carried()]
    while handled := await many.timer.run_due():
        assert handled <= AT_ONCE
        counts.append(await many.carried())
    assert counts == sorted(set(counts))
    # Each alert is carried, and begins later because of the other customer.
    assert (counts[0], counts[-1], len(counts)) == (0, ALERTS, 1 + ALERTS)
    for number in range(ALERTS):
        told = await many.of(number)
        assert kinds(told)[:3] == ["raised", "carried-away", "carried-in"]
        assert [each.version for each in told] == list(range(1, len(told) + 1))
        assert [each.subject for each in told[:3]] == [many.customer_id, many.customer_id, many.survivor_id]


async def test_a_later_change_of_an_alert_follows_those_that_wait(many: Many) -> None:
    await many.desk.retire("calls-1")
    await many.desk.settle()
    assert kinds(await many.of(1)) == ["raised"]
    while await many.timer.run_due():
        pass
    assert kinds(await many.of(1)) == ["raised", "carried-away", "carried-in", "moved", "cleared"]


async def test_a_person_handles_an_alert_under_its_new_customer_at_once(many: Many) -> None:
    await many.desk.done("POST", f"/v1/alerts/{await many.alert(1)}/acknowledgement", {})
    told = await many.of(1)
    assert kinds(told) == ["raised", "carried-away", "carried-in", "moved", "acknowledged"]
    assert told[-1].subject == many.survivor_id
    assert await many.carried() == 1


async def test_an_erasure_deletes_the_texts_on_alerts_that_are_not_carried_yet(desk: RuleDesk, many: Many) -> None:
    while await many.timer.run_due():
        pass
    last_id = await desk.customer(9)
    path = f"/v1/alerts/{await many.alert(1)}/comments"
    await desk.done("POST", path, {"text": "联系人 13800001111"})
    await desk.tell(many.survivor_id, Merged(into_customer_id=last_id))
    await desk.tell(last_id, example(CustomerErased))
    assert await desk.pool.fetchval("SELECT count(*) FROM vault") == 0
    refused = await desk.ask("POST", path, {"text": "13800002222"})
    assert (refused.status_code, refused.json()["code"]) == (409, "alert-ended")
    assert await desk.pool.fetchval("SELECT count(*) FROM vault") == 0


async def test_a_text_that_an_erasure_has_overtaken_is_deleted(desk: RuleDesk, many: Many) -> None:
    """A person has begun to write it when the alert was still open under the duplicate."""

    async def nothing(_alert_ids: Collection[UUID]) -> None:
        return None

    overtaken = AlertHandler(desk.pool, desk.mapper, CommandHandler(desk.store, ALERT, desk.mapper), nothing)
    await desk.tell(many.survivor_id, example(CustomerErased))
    comment = Comment(text="联系人 13800001111")
    context = Context("late", "E1", "tests", NOW)
    await overtaken.handle(await many.alert(1), comment, context, anybody)
    assert await desk.pool.fetchval("SELECT count(*) FROM vault") == 1
    while await many.timer.run_due():
        pass
    assert kinds(await many.of(1))[-1] == "cleared"
    assert await desk.pool.fetchval("SELECT count(*) FROM vault") == 0


async def test_a_change_that_fails_holds_up_no_other_alert(many: Many) -> None:
    raised = example(AlertRaised, alert_id=uuid4())
    unknown = Ending(episode_of(raised), AlertCleared, NOW, NOW, None)
    async with transaction(many.desk.pool) as held:
        await pending_changes.store(held, [(many.survivor_id, unknown, CAUSED)])
    while await many.timer.run_due():
        pass
    assert await many.carried() == ALERTS
    assert "1 alert" in (many.timer.problem() or "")
    assert await many.timer.run_due() == 0
    many.now += RETRY
    assert await many.timer.run_due() == 1
    await many.desk.pool.execute("DELETE FROM pending_change")
    many.now += RETRY
    await many.timer.run_due()
    assert many.timer.problem() is None


async def test_every_kind_of_change_is_stored_as_it_is(desk: RuleDesk) -> None:
    raised, customer_id = example(AlertRaised), uuid4()
    episode = episode_of(raised)
    changes: list[Caused] = [
        (customer_id, change, CAUSED)
        for change in (
            Raising(raised),
            Ending(episode, AlertCleared, NOW, NOW + timedelta(seconds=1), None),
            Ending(episode, AlertWithdrawn, NOW, NOW, uuid4()),
            Moving(episode, NOW, NOW, NOW, uuid4()),
            Readdressing(episode, "E1", None, "E2", NOW, None),
            Carrying(episode, customer_id, uuid4(), NOW, uuid4()),
        )
    ]
    report = CareReporting(example(CareReported), uuid4())
    async with transaction(desk.pool) as held:
        await pending_changes.store(held, [*changes, (customer_id, report, CAUSED)])
        assert await pending_changes.take(held, [episode.alert_id]) == changes
        assert await pending_changes.take(held, [report.alert_id]) == [(customer_id, report, CAUSED)]


async def test_the_owner_of_alerts_that_are_not_carried_yet_is_the_new_one(desk: RuleDesk, many: Many) -> None:
    owner = OwnerAssigned(previous_owner_id="E1", owner_id="E5", leader_id="E6")
    await desk.tell(many.survivor_id, owner)
    while await many.timer.run_due():
        pass
    last: Any = (await many.of(1))[-1].event
    assert last.owner_id == "E5"


async def test_a_part_has_a_limited_number_of_changes_and_all_of_an_alert(desk: RuleDesk) -> None:
    alert_ids = [uuid4() for _ in range(4)]
    changes = [
        Ending(episode_of(example(AlertRaised, alert_id=each)), AlertCleared, NOW, NOW, None) for each in alert_ids
    ]
    first, second, third, last = [(uuid4(), each, CAUSED) for each in changes]
    async with transaction(desk.pool) as held:
        await pending_changes.store(held, [first, second, second, first, *[third] * 9, last])
        parts = []
        while following := await pending_changes.following(held, alert_ids[3:], 4):
            parts.append([alert_ids.index(each) for each in following])
            await pending_changes.take(held, following)
        assert parts == [[0, 1], [2]]
        assert await pending_changes.following(held, [], 4) == alert_ids[3:]
