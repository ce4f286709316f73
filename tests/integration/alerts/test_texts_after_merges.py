"""Which texts an erasure deletes after merges: those of the erased customer, and no others."""

from uuid import UUID, uuid4

import pytest

from contracts.customer import CustomerErased, Merged, Unmerged
from contracts.examples import example
from contracts.followup import TaskCompleted, TaskScheduled
from services.alerts.detection.appending import MAX_ALERTS_AT_ONCE
from services.alerts.detection.pending_timer import PendingTimer
from tests.support.many_alerts import NOW
from tests.support.rule_desk import RuleDesk, days_ago

RULE, DUE = "missed-follow-up", days_ago(2)
DONE = TaskCompleted(due_at=DUE, employee_id="E1")


async def append_all(desk: RuleDesk) -> None:
    timer = PendingTimer(desk.pool, desk.detector, lambda: NOW, pause_seconds=0)
    while await timer.run_due():
        pass
    assert timer.problem() is None


async def with_tasks(desk: RuleDesk, count: int) -> tuple[UUID, list[UUID]]:
    """Return a customer with missed tasks, and their alerts."""
    customer_id = await desk.customer(1)
    for _ in range(count):
        task = TaskScheduled(assignee_id="E1", due_at=DUE)
        await desk.tell(customer_id, task, days_ago(3), stream_id=uuid4())
    await desk.settle()
    await append_all(desk)
    return customer_id, [each.stream_id for each in await desk.told(RULE)]


async def merge(desk: RuleDesk, customer_id: UUID, into_id: UUID) -> None:
    await desk.tell(customer_id, Merged(into_customer_id=into_id))
    await append_all(desk)


async def unmerge(desk: RuleDesk, customer_id: UUID, from_id: UUID) -> None:
    await desk.tell(customer_id, Unmerged(from_customer_id=from_id))
    await append_all(desk)


async def erase(desk: RuleDesk, customer_id: UUID) -> None:
    await desk.tell(customer_id, example(CustomerErased))
    await append_all(desk)


async def comment(desk: RuleDesk, alert_id: UUID, text: str) -> None:
    await desk.done("POST", f"/v1/alerts/{alert_id}/comments", {"text": text})


async def texts(desk: RuleDesk) -> set[str]:
    return {value for (value,) in await desk.pool.fetch("SELECT value FROM vault")}


@pytest.mark.parametrize("count", [MAX_ALERTS_AT_ONCE, MAX_ALERTS_AT_ONCE + 1])
async def test_texts_stay_on_alerts_that_an_erased_customer_had_before(desk: RuleDesk, count: int) -> None:
    """With one more, the changes of the last merge are stored."""
    customer_id, alert_ids = await with_tasks(desk, count)
    assert len(alert_ids) == count
    survivor_id, other_id = await desk.customer(1), await desk.customer(1)
    await merge(desk, customer_id, survivor_id)
    await unmerge(desk, customer_id, survivor_id)
    await erase(desk, survivor_id)
    await comment(desk, alert_ids[0], "after")
    await desk.tell(customer_id, Merged(into_customer_id=other_id))
    stored = await desk.pool.fetchval("SELECT count(*) FROM pending_change")
    assert (stored > 0) == (count > MAX_ALERTS_AT_ONCE)
    await append_all(desk)
    assert await texts(desk) == {"after"}
    await erase(desk, other_id)
    assert await texts(desk) == set()


@pytest.mark.parametrize("erased", ["duplicate", "survivor"])
async def test_an_erasure_after_an_undone_merge_deletes_the_texts_of_its_customer(desk: RuleDesk, erased: str) -> None:
    customer_id, (alert_id,) = await with_tasks(desk, 1)
    survivor_id = await desk.customer(1)
    await comment(desk, alert_id, "before")
    await merge(desk, customer_id, survivor_id)
    await comment(desk, alert_id, "meanwhile")
    await unmerge(desk, customer_id, survivor_id)
    await comment(desk, alert_id, "after")
    assert await texts(desk) == {"before", "meanwhile", "after"}
    await erase(desk, customer_id if erased == "duplicate" else survivor_id)
    assert await texts(desk) == (set() if erased == "duplicate" else {"before", "after"})


async def test_an_erasure_while_merged_deletes_the_texts_of_both(desk: RuleDesk) -> None:
    customer_id, (alert_id,) = await with_tasks(desk, 1)
    survivor_id = await desk.customer(1)
    await comment(desk, alert_id, "before")
    await merge(desk, customer_id, survivor_id)
    await comment(desk, alert_id, "meanwhile")
    await erase(desk, survivor_id)
    assert await texts(desk) == set()


async def test_an_erasure_deletes_texts_on_an_alert_that_ended_under_the_survivor(desk: RuleDesk) -> None:
    """Somebody did the task meanwhile. The alert does not return."""
    customer_id, (alert_id,) = await with_tasks(desk, 1)
    survivor_id = await desk.customer(1)
    await merge(desk, customer_id, survivor_id)
    await comment(desk, alert_id, "meanwhile")
    (task_id,) = {each.event.concerns_id for each in await desk.told(RULE)}
    assert task_id is not None
    await desk.tell(customer_id, DONE, stream_id=task_id)
    await unmerge(desk, customer_id, survivor_id)
    assert [each.subject for each in await desk.told(RULE)][-1] == survivor_id
    await erase(desk, customer_id)
    assert await texts(desk) == set()


@pytest.mark.parametrize("erased", ["duplicate", "survivor", "other"])
async def test_a_text_about_a_task_of_the_duplicate_is_deleted_with_either(desk: RuleDesk, erased: str) -> None:
    """The alert was raised under the survivor, and ended there."""
    customer_id, survivor_id, other_id = [await desk.customer(1) for _ in range(3)]
    await merge(desk, customer_id, survivor_id)
    task_id = uuid4()
    await desk.tell(customer_id, TaskScheduled(assignee_id="E1", due_at=DUE), days_ago(3), stream_id=task_id)
    await desk.tell(survivor_id, TaskScheduled(assignee_id="E1", due_at=DUE), days_ago(3), stream_id=uuid4())
    await desk.settle()
    for each in await desk.told(RULE):
        await comment(desk, each.stream_id, "of task" if each.event.concerns_id == task_id else "of another task")
    await desk.tell(customer_id, DONE, stream_id=task_id)
    await unmerge(desk, customer_id, survivor_id)
    assert {each.subject for each in await desk.told(RULE)} == {survivor_id}
    assert await texts(desk) == {"of task", "of another task"}
    await erase(desk, {"duplicate": customer_id, "survivor": survivor_id, "other": other_id}[erased])
    left: dict[str, set[str]] = {"duplicate": {"of another task"}, "survivor": set()}
    assert await texts(desk) == left.get(erased, {"of task", "of another task"})
