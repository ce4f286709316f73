"""The engine's facts about one customer: only what it needs to compute silence."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contracts import customer, followup
from contracts.customer import Mode, Stage, mode_of
from contracts.event import Envelope
from contracts.followup import Severity

# While a file is being imported, later rows may still show that a customer is not silent.
IMPORT_SETTLES_AFTER = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """When something happened, and the id of the event that states it."""

    at: datetime
    cause: UUID


@dataclass(frozen=True, slots=True)
class Owed:
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


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts about one customer. They do not depend on the order of events of different services."""

    registered: Occurrence | None = None
    name: str | None = None
    stage: Stage = Stage.NEW
    stage_since: Occurrence | None = None
    tier: str | None = None
    owner_id: str | None = None
    leader_id: str | None = None
    last_contact: Occurrence | None = None
    # The last contact that a source states. It can be cleared.
    stated_contact: Occurrence | None = None
    tasks: dict[str, Owed] = field(default_factory=dict)
    complaints: dict[str, Owed] = field(default_factory=dict)
    quiet_until: datetime | None = None
    erased: Occurrence | None = None
    # The facts of each duplicate while it is merged into this customer (ADR 0013).
    absorbed: "dict[UUID, Facts]" = field(default_factory=dict)
    # If this is a duplicate: the customer that it was merged into, and when.
    merged_into: UUID | None = None
    merged: Occurrence | None = None

    @property
    def mode(self) -> Mode | None:
        return mode_of(self.stage) if self.registered else None

    @property
    def latest_contact(self) -> Occurrence | None:
        return latest(self.last_contact, self.stated_contact)


def evolve(facts: Facts, envelope: Envelope[Any]) -> Facts:
    """Apply one event of any service."""
    occurrence = Occurrence(envelope.occurred_at, envelope.id)
    if envelope.metadata.origin is not None:
        until = envelope.recorded_at + IMPORT_SETTLES_AFTER
        facts = replace(facts, quiet_until=max(until, facts.quiet_until or until))
    match envelope.event:
        case customer.Registered(name=name):
            return replace(facts, registered=occurrence, stage_since=facts.stage_since or occurrence, name=name)
        case customer.Renamed(name=name):
            return replace(facts, name=name)
        case customer.ProfileChanged(last_contacted_at=datetime() as at):
            return replace(facts, stated_contact=latest(facts.stated_contact, Occurrence(at, envelope.id)))
        case customer.ProfileChanged(cleared=cleared) if "last_contacted_at" in cleared:
            return replace(facts, stated_contact=None)
        case customer.StageChanged(stage=stage):
            return replace(facts, stage=stage, stage_since=occurrence)
        case customer.TierChanged(scheme="default", tier=tier):
            return replace(facts, tier=tier)
        case customer.OwnerAssigned(owner_id=owner_id, leader_id=leader_id):
            return replace(facts, owner_id=owner_id, leader_id=leader_id)
        case customer.CustomerErased():
            return replace(facts, erased=occurrence)
        case followup.ContactLogged(automated=False):
            return replace(facts, last_contact=latest(facts.last_contact, occurrence))
        case followup.TaskReassigned(assignee_id=employee_id):
            return replace(facts, tasks=reassigned(employee_id, envelope.stream_id, facts.tasks))
        case followup.ComplaintAssigned(owner_id=employee_id):
            return replace(facts, complaints=reassigned(employee_id, envelope.stream_id, facts.complaints))
        case (
            followup.TaskScheduled() | followup.TaskRescheduled() | followup.TaskCompleted() | followup.TaskCancelled()
        ):
            return replace(facts, tasks=tasks_after(facts.tasks, envelope, occurrence))
        case (
            followup.ComplaintRaised()
            | followup.ComplaintTargetSet()
            | followup.ComplaintTargetChanged()
            | followup.ComplaintPaused()
            | followup.ComplaintReclassified()
            | followup.ComplaintReopened()
            | followup.ComplaintAnswered()
            | followup.ComplaintClosed()
        ):
            return replace(facts, complaints=complaints_after(facts.complaints, envelope, occurrence))
        case _:
            return facts


def with_absorbed(facts: Facts) -> Facts:
    """Return the facts of the customer together with those of its duplicates."""
    for other in facts.absorbed.values():
        quiet = other.quiet_until
        facts = replace(
            facts,
            last_contact=latest(facts.last_contact, other.last_contact),
            stated_contact=latest(facts.stated_contact, other.stated_contact),
            tasks={**facts.tasks, **other.tasks},
            complaints={**facts.complaints, **other.complaints},
            quiet_until=max(quiet, facts.quiet_until or quiet) if quiet else facts.quiet_until,
        )
    return facts


def absorb(
    survivor: Facts, duplicate_id: UUID, duplicate: Facts, into_id: UUID, merged: Occurrence
) -> tuple[Facts, Facts]:
    """Return the facts of both after the merge."""
    kept = {**survivor.absorbed, duplicate_id: duplicate}
    return replace(survivor, absorbed=kept), Facts(merged_into=into_id, merged=merged)


def release(survivor: Facts, duplicate_id: UUID) -> tuple[Facts, Facts]:
    """Return the facts of both after the merge was undone."""
    kept = {key: facts for key, facts in survivor.absorbed.items() if key != duplicate_id}
    return replace(survivor, absorbed=kept), survivor.absorbed.get(duplicate_id, Facts())


def evolve_absorbed(survivor: Facts, envelope: Envelope[Any]) -> Facts:
    """Apply an event of a duplicate to its facts within the survivor."""
    own = evolve(survivor.absorbed.get(envelope.subject, Facts()), envelope)
    return replace(survivor, absorbed={**survivor.absorbed, envelope.subject: own})


def latest(known: Occurrence | None, new: Occurrence | None) -> Occurrence | None:
    """Return the later one; of two at the same time, the known one."""
    if known is None or new is None:
        return known or new
    return new if new.at > known.at else known


def reassigned(employee_id: str, concerns_id: UUID, owed: dict[str, Owed]) -> dict[str, Owed]:
    """Assign the work to another employee. The due time stays."""
    return {
        key: replace(each, employee_id=employee_id) if each.concerns_id == concerns_id else each
        for key, each in owed.items()
    }


def tasks_after(tasks: dict[str, Owed], envelope: Envelope[Any], occurrence: Occurrence) -> dict[str, Owed]:
    """Each due time is its own episode: rescheduling a task settles the old one and starts a new one."""
    task_id = envelope.stream_id
    match envelope.event:
        case followup.TaskScheduled(due_at=due_at, assignee_id=assignee_id):
            return {**tasks, episode(task_id, due_at): Owed(task_id, Occurrence(due_at, envelope.id), assignee_id)}
        case followup.TaskRescheduled(previous_due_at=previous, due_at=due_at):
            assignee_id = next((owed.employee_id for owed in tasks.values() if owed.concerns_id == task_id), "")
            moved = {episode(task_id, due_at): Owed(task_id, Occurrence(due_at, envelope.id), assignee_id)}
            return {**settled(tasks, episode(task_id, previous), occurrence), **moved}
        case followup.TaskCompleted(due_at=due_at):
            return settled(tasks, episode(task_id, due_at), occurrence)
        case _:
            open_keys = [key for key, owed in tasks.items() if owed.concerns_id == task_id]
            for key in open_keys:
                tasks = settled(tasks, key, occurrence)
            return tasks


def complaints_after(complaints: dict[str, Owed], envelope: Envelope[Any], occurrence: Occurrence) -> dict[str, Owed]:
    """Raising and reopening start an episode. A resumed complaint is due again once its new target is set."""
    complaint_id = envelope.stream_id
    key = str(complaint_id)
    match envelope.event:
        case followup.ComplaintRaised(owner_id=owner_id, severity=severity):
            return {**complaints, key: Owed(complaint_id, occurrence, owner_id, severity)}
        case followup.ComplaintReopened(owner_id=owner_id):
            return {**complaints, key: Owed(complaint_id, occurrence, owner_id or "", is_paused=True)}
        case followup.ComplaintTargetSet(answer_by=answer_by) | followup.ComplaintTargetChanged(answer_by=answer_by):
            return changed(complaints, key, answer_by=answer_by, is_paused=False)
        case followup.ComplaintReclassified(severity=severity):
            return changed(complaints, key, severity=severity)
        case followup.ComplaintPaused():
            return changed(complaints, key, is_paused=True)
        case _:
            return settled(complaints, key, occurrence)


def changed(owed: dict[str, Owed], key: str, **changes: Any) -> dict[str, Owed]:
    """Change fields of an open item, if there is one."""
    found = owed.get(key)
    return {**owed, key: replace(found, **changes)} if found else owed


def settled(owed: dict[str, Owed], key: str, occurrence: Occurrence) -> dict[str, Owed]:
    """Mark as settled. The first time counts."""
    found = owed.get(key)
    if found is None or found.settled is not None:
        return owed
    return {**owed, key: replace(found, settled=occurrence)}


def episode(task_id: UUID, due_at: datetime) -> str:
    return f"{task_id}|{due_at.isoformat()}"


def without_settled(facts: Facts) -> Facts:
    """Drop settled items, once their alerts were evaluated."""
    return replace(
        facts,
        tasks={key: owed for key, owed in facts.tasks.items() if owed.settled is None},
        complaints={key: owed for key, owed in facts.complaints.items() if owed.settled is None},
        absorbed={key: without_settled(each) for key, each in facts.absorbed.items()},
    )
