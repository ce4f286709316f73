"""Tasks and complaints of a customer: what is owed, by whom, and what settled it."""

from datetime import date, datetime
from typing import Any, Final, TypeAlias, get_args
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from contracts import followup
from contracts.event import Envelope
from contracts.followup import EscalationReason, Severity
from contracts.followup.complaint import RepeatEvent
from services.alerts.engine.occurrence import Occurrence

# The level at which followup escalates a complaint whose resolution is late.
RESOLUTION_LATE: Final = 2
REPEATS: Final = frozenset(get_args(RepeatEvent))


class OwedItem(Struct, frozen=True, omit_defaults=True, gc=False):
    """A follow-up with its due time, or a complaint with the time it was raised or reopened.

    A complaint must be answered by `answer_by`, if there is a target; nothing is due while it is paused.
    `settled` is what completed, moved, cancelled or answered it.
    """

    concerns_id: UUID
    since: Occurrence
    employee_id: str
    severity: Severity = Severity.NORMAL
    settled: Occurrence | None = None
    answer_by: datetime | None = None
    is_paused: bool = False
    # When it was linked to an earlier complaint about the same.
    repeated: Occurrence | None = None
    # When followup escalated it, because its resolution is late.
    late: Occurrence | None = None
    # The alert that asked for a task, and its rule.
    alert_id: UUID | None = None
    alert_rule: str | None = None
    # What it is, if it is neither a task nor a complaint (terms.py).
    kind: str = ""
    # The last day of a contract, and when the customer said that it will renew it.
    due_on: date | None = None
    agreed: Occurrence | None = None


# Tasks by task and due time, or complaints by complaint.
Items: TypeAlias = dict[str, OwedItem]


def reassigned(employee_id: str, concerns_id: UUID, owed: Items) -> Items:
    """Assign the work to another employee. The due time stays."""
    return {
        key: replace(each, employee_id=employee_id) if each.concerns_id == concerns_id else each
        for key, each in owed.items()
    }


def tasks_after(tasks: Items, envelope: Envelope[Any], occurrence: Occurrence) -> Items:
    """Each due time is its own episode: rescheduling a task settles the old one and starts a new one."""
    task_id = envelope.stream_id
    match envelope.event:
        case followup.TaskScheduled(due_at=due_at, assignee_id=assignee_id):
            item = OwedItem(
                task_id,
                Occurrence(due_at, envelope.id),
                assignee_id,
                alert_id=envelope.event.alert_id,
                alert_rule=envelope.event.alert_rule,
            )
            return {**tasks, episode(task_id, due_at): item}
        case followup.TaskRescheduled(previous_due_at=previous, due_at=due_at):
            known = next((each for each in tasks.values() if each.concerns_id == task_id), None)
            since = Occurrence(due_at, envelope.id)
            item = replace(known, since=since, settled=None) if known else OwedItem(task_id, since, "")
            return {**settled(tasks, episode(task_id, previous), occurrence), episode(task_id, due_at): item}
        case followup.TaskCompleted(due_at=due_at):
            return settled(tasks, episode(task_id, due_at), occurrence)
        case _:
            open_keys = [key for key, owed in tasks.items() if owed.concerns_id == task_id]
            for key in open_keys:
                tasks = settled(tasks, key, occurrence)
            return tasks


def item_of(envelope: Envelope[Any]) -> UUID:
    """Return the task or complaint that an event is about. A series of complaints is a stream of its own."""
    return envelope.event.complaint_id if type(envelope.event) in REPEATS else envelope.stream_id


def complaints_after(complaints: Items, envelope: Envelope[Any], occurrence: Occurrence) -> Items:
    """Raising and reopening start an episode. A resumed complaint is due again once its new target is set."""
    complaint_id = item_of(envelope)
    key = str(complaint_id)
    match envelope.event:
        case followup.ComplaintRaised(owner_id=owner_id, severity=severity):
            return {**complaints, key: OwedItem(complaint_id, occurrence, owner_id, severity)}
        case followup.ComplaintReopened(owner_id=owner_id):
            return {**complaints, key: OwedItem(complaint_id, occurrence, owner_id or "", is_paused=True)}
        case followup.ComplaintTargetSet(answer_by=answer_by) | followup.ComplaintTargetChanged(answer_by=answer_by):
            return changed(complaints, key, answer_by=answer_by, is_paused=False)
        case followup.ComplaintReclassified(severity=severity):
            return changed(complaints, key, severity=severity)
        case followup.ComplaintPaused():
            return changed(complaints, key, is_paused=True)
        case followup.ComplaintLinked(number=number):
            return changed(complaints, key, repeated=occurrence) if number > 1 else complaints
        case followup.ComplaintEscalated(because=because, level=level):
            is_late = because is EscalationReason.LATE and level == RESOLUTION_LATE
            return changed(complaints, key, late=occurrence) if is_late else complaints
        case followup.ComplaintAutoReplied():
            return complaints
        case _:
            return settled(complaints, key, occurrence)


def changed(owed: Items, key: str, **changes: Any) -> Items:
    """Change fields of an open item, if there is one."""
    found = owed.get(key)
    return {**owed, key: replace(found, **changes)} if found else owed


def settled(owed: Items, key: str, occurrence: Occurrence) -> Items:
    """Mark as settled. The first time counts."""
    found = owed.get(key)
    if found is None or found.settled is not None:
        return owed
    return {**owed, key: replace(found, settled=occurrence)}


def episode(task_id: UUID, due_at: datetime) -> str:
    return f"{task_id}|{due_at.isoformat()}"


def open_items(items: Items) -> Items:
    return {key: item for key, item in items.items() if item.settled is None}
