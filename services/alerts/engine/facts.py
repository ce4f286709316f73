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
    """When something happened, and the event that says so."""

    at: datetime
    cause: UUID


@dataclass(frozen=True, slots=True)
class Owed:
    """A follow-up with its due time, or a complaint with the time it was raised or reopened.

    An answer to a complaint is owed until `answer_by`, where that was promised; never while its clock stands still.
    `settled` says by what it was dealt with.
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
    """One customer. Events of different services come in no common order; the outcome is the same in any."""

    registered: Occurrence | None = None
    name: str | None = None
    stage: Stage = Stage.NEW
    stage_since: Occurrence | None = None
    tier: str | None = None
    owner_id: str | None = None
    leader_id: str | None = None
    last_contact: Occurrence | None = None
    tasks: dict[str, Owed] = field(default_factory=dict)
    complaints: dict[str, Owed] = field(default_factory=dict)
    quiet_until: datetime | None = None
    erased: Occurrence | None = None
    # Of duplicates, each apart, as long as they are merged into this customer (ADR 0013).
    absorbed: "dict[UUID, Facts]" = field(default_factory=dict)
    # Where this is a duplicate: under which id it goes on, and since when.
    merged_into: UUID | None = None
    merged: Occurrence | None = None

    @property
    def mode(self) -> Mode | None:
        return mode_of(self.stage) if self.registered else None


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
            return replace(facts, last_contact=later(facts.last_contact, Occurrence(at, envelope.id)))
        case customer.StageChanged(stage=stage):
            return replace(facts, stage=stage, stage_since=occurrence)
        case customer.TierChanged(scheme="default", tier=tier):
            return replace(facts, tier=tier)
        case customer.OwnerAssigned(owner_id=owner_id, leader_id=leader_id):
            return replace(facts, owner_id=owner_id, leader_id=leader_id)
        case customer.CustomerErased():
            return replace(facts, erased=occurrence)
        case followup.ContactLogged(automated=False):
            return replace(facts, last_contact=later(facts.last_contact, occurrence))
        case followup.TaskReassigned(assignee_id=employee_id):
            return replace(facts, tasks=owed_by(employee_id, envelope.stream_id, facts.tasks))
        case followup.ComplaintAssigned(owner_id=employee_id):
            return replace(facts, complaints=owed_by(employee_id, envelope.stream_id, facts.complaints))
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


def whole(facts: Facts) -> Facts:
    """Return what is known of the customer under all its ids: it is as silent as they were together."""
    for other in facts.absorbed.values():
        contact, quiet = other.last_contact, other.quiet_until
        facts = replace(
            facts,
            last_contact=later(facts.last_contact, contact) if contact else facts.last_contact,
            tasks={**facts.tasks, **other.tasks},
            complaints={**facts.complaints, **other.complaints},
            quiet_until=max(quiet, facts.quiet_until or quiet) if quiet else facts.quiet_until,
        )
    return facts


def absorb(
    survivor: Facts, duplicate_id: UUID, duplicate: Facts, into_id: UUID, merged: Occurrence
) -> tuple[Facts, Facts]:
    """Return both as they are once the duplicate goes on as the survivor."""
    kept = {**survivor.absorbed, duplicate_id: duplicate}
    return replace(survivor, absorbed=kept), Facts(merged_into=into_id, merged=merged)


def release(survivor: Facts, duplicate_id: UUID) -> tuple[Facts, Facts]:
    """Return both as if they had never been merged."""
    kept = {key: facts for key, facts in survivor.absorbed.items() if key != duplicate_id}
    return replace(survivor, absorbed=kept), survivor.absorbed.get(duplicate_id, Facts())


def evolve_absorbed(survivor: Facts, envelope: Envelope[Any]) -> Facts:
    """Apply an event of a duplicate, which is kept within the survivor."""
    own = evolve(survivor.absorbed.get(envelope.subject, Facts()), envelope)
    return replace(survivor, absorbed={**survivor.absorbed, envelope.subject: own})


def later(known: Occurrence | None, new: Occurrence) -> Occurrence:
    return new if known is None or new.at > known.at else known


def owed_by(employee_id: str, concerns_id: UUID, owed: dict[str, Owed]) -> dict[str, Owed]:
    """Say that somebody else has to do it; since when it is owed stays."""
    return {
        key: replace(each, employee_id=employee_id) if each.concerns_id == concerns_id else each
        for key, each in owed.items()
    }


def tasks_after(tasks: dict[str, Owed], envelope: Envelope[Any], occurrence: Occurrence) -> dict[str, Owed]:
    """Each due time is an episode of its own: moving a task settles the old one and begins another."""
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
    """Each raising and each reopening begins an episode. What was resumed is owed again once its new time is told."""
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
    """Change the terms of what is owed still."""
    found = owed.get(key)
    return {**owed, key: replace(found, **changes)} if found else owed


def settled(owed: dict[str, Owed], key: str, occurrence: Occurrence) -> dict[str, Owed]:
    """Mark as dealt with; the first time counts."""
    found = owed.get(key)
    if found is None or found.settled is not None:
        return owed
    return {**owed, key: replace(found, settled=occurrence)}


def episode(task_id: UUID, due_at: datetime) -> str:
    return f"{task_id}|{due_at.isoformat()}"


def without_settled(facts: Facts) -> Facts:
    """Forget what has been dealt with, once alerts have been told of it."""
    return replace(
        facts,
        tasks={key: owed for key, owed in facts.tasks.items() if owed.settled is None},
        complaints={key: owed for key, owed in facts.complaints.items() if owed.settled is None},
        absorbed={key: without_settled(each) for key, each in facts.absorbed.items()},
    )
