"""The lists of contacts, tasks and complaints, kept in step with their events."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts import followup as events
from contracts.event import Envelope
from contracts.followup.complaint import EscalationReason, RepeatEvent, Target
from services.followup.domain import complaint, contact, task
from services.followup.domain.complaint import ComplaintState
from services.followup.domain.task import TaskState


@dataclass(frozen=True, slots=True)
class ContactRow:
    contact_id: UUID
    version: int
    customer_id: UUID
    channel: str
    direction: str
    employee_id: str
    automated: bool
    purpose: str | None
    outcome: str | None
    content_ref: UUID | None
    task_id: UUID | None
    goal_ref: UUID | None
    sentiment: str | None
    key_contact_id: UUID | None
    attachments: list[dict[str, str]]
    next_step: str | None
    next_step_due_at: datetime | None
    form_number: int | None
    fields: list[dict[str, Any]]
    occurred_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class TaskRow:
    """`reason_ref` points to why it was last moved or called off; `was_on_time` is known once it is completed."""

    task_id: UUID
    version: int
    customer_id: UUID
    assignee_id: str
    due_at: datetime
    purpose: str | None
    content_ref: UUID | None
    channel: str | None
    plan_id: UUID | None
    plan_step: str | None
    calendar: str | None
    calendar_number: int | None
    assignment: str | None
    stands_in_for: str | None
    scheduled_at: datetime
    state: str = TaskState.OPEN
    reason_ref: UUID | None = None
    outcome: str | None = None
    completed_by: str | None = None
    was_on_time: bool | None = None
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ComplaintRow:
    """`answered_at` is when the first answer was given; `answer_refs` point to the words of each, in order.

    `was_answered_in_time` is said of the first answer, `verdict` at the first closing: nothing changes them later.
    """

    complaint_id: UUID
    version: int
    customer_id: UUID
    owner_id: str
    channel: str
    severity: str
    topic: str | None
    content_ref: UUID | None
    raised_at: datetime
    state: str = ComplaintState.RAISED
    answer_refs: list[UUID] = field(default_factory=list)
    resolution: str | None = None
    answered_at: datetime | None = None
    confirmed_at: datetime | None = None
    closed_at: datetime | None = None
    category: str | None = None
    product: str | None = None
    tier: str | None = None
    calendar: str | None = None
    calendar_number: int | None = None
    answer_by: datetime | None = None
    resolve_by: datetime | None = None
    is_provisional: bool = False
    pause_reason: str | None = None
    communicated_at: datetime | None = None
    consent_at: datetime | None = None
    was_answered_in_time: bool | None = None
    was_resolved_in_time: bool | None = None
    first_closed_at: datetime | None = None
    verdict: bool | None = None
    reopened_times: int = 0
    first_id: UUID | None = None
    repeat_number: int | None = None
    escalation_level: int = 0
    policy_number: int | None = None
    intake: str | None = None
    partner: str | None = None
    late_level: int = 0


R = TypeVar("R", ContactRow, TaskRow, ComplaintRow)

CONTACTS = Rows("contact", ContactRow, "contact_id")
TASKS = Rows("task", TaskRow, "task_id")
COMPLAINTS = Rows("complaint", ComplaintRow, "complaint_id")
TABLES = ("contact", "task", "complaint")


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch. The consumer calls this inside its own transaction."""
    await keep(CONTACTS, project_contact, [one for one in envelopes if isinstance(one.event, contact.Event)], held)
    await keep(TASKS, project_task, [one for one in envelopes if isinstance(one.event, task.Event)], held)
    await keep(
        COMPLAINTS, project_complaint, [one for one in envelopes if isinstance(one.event, complaint.Event)], held
    )
    await keep_repeats([one.event for one in envelopes if isinstance(one.event, RepeatEvent)], held)


async def keep_repeats(links: Sequence[RepeatEvent], held: Connection) -> None:
    """Links stand in a stream of their own, behind the complaint that they name."""
    rows = await COMPLAINTS.load(held, [link.complaint_id for link in links])
    for link in links:
        rows[link.complaint_id] = project_repeat(rows[link.complaint_id], link)
    await COMPLAINTS.save(held, list(rows.values()))


async def keep(
    table: Rows[R],
    project: Callable[[R | None, Envelope[Any]], R],
    envelopes: Sequence[Envelope[Any]],
    held: Connection,
) -> None:
    rows = await table.load(held, [envelope.stream_id for envelope in envelopes])
    for envelope in envelopes:
        rows[envelope.stream_id] = project(rows.get(envelope.stream_id), envelope)
    await table.save(held, list(rows.values()))


def project_contact(_row: ContactRow | None, envelope: Envelope[contact.Event]) -> ContactRow:
    """Return the row of a contact."""
    event = envelope.event
    match event:
        case events.ContactLogged():
            return ContactRow(
                contact_id=envelope.stream_id,
                version=envelope.version,
                customer_id=envelope.subject,
                occurred_at=envelope.occurred_at,
                recorded_at=envelope.recorded_at,
                **event.model_dump(exclude={"type", "attachments", "fields"}),
                **event.model_dump(mode="json", include={"attachments", "fields"}),
            )


def project_task(row: TaskRow | None, envelope: Envelope[task.Event]) -> TaskRow:
    """Return the row of a task after one event."""
    event, at = envelope.event, envelope.occurred_at
    if isinstance(event, events.TaskScheduled):
        return first_task_row(envelope, event)
    if row is None:
        raise LookupError("a task's first event must be its scheduling")
    row = replace(row, version=envelope.version)
    match event:
        case events.TaskRescheduled(due_at=due_at, reason_ref=reason_ref):
            return replace(row, due_at=due_at, reason_ref=reason_ref)
        case events.TaskReassigned(assignee_id=assignee_id):
            return replace(row, assignee_id=assignee_id)
        case events.TaskCompleted(due_at=due_at, employee_id=employee_id, outcome=outcome):
            done = replace(row, state=TaskState.COMPLETED, completed_by=employee_id, outcome=outcome)
            return replace(done, completed_at=at, was_on_time=at <= due_at)
        case events.TaskCancelled(reason_ref=reason_ref):
            return replace(row, state=TaskState.CANCELLED, reason_ref=reason_ref, cancelled_at=at)


def first_task_row(envelope: Envelope[task.Event], event: events.TaskScheduled) -> TaskRow:
    return TaskRow(
        task_id=envelope.stream_id,
        version=envelope.version,
        customer_id=envelope.subject,
        scheduled_at=envelope.occurred_at,
        **event.model_dump(exclude={"type"}),
    )


def project_complaint(row: ComplaintRow | None, envelope: Envelope[complaint.Event]) -> ComplaintRow:
    """Return the row of a complaint after one event."""
    event = envelope.event
    if isinstance(event, events.ComplaintRaised):
        return first_complaint_row(envelope, event)
    if row is None:
        raise LookupError("a complaint's first event must be its raising")
    row = replace(row, version=envelope.version)
    match event:
        case events.ComplaintTargetSet() | events.ComplaintTargetChanged() | events.ComplaintPaused():
            return clocked(row, event)
        case events.ComplaintAssigned(owner_id=owner_id, reason=reason):
            state = complaint.state_assigned(ComplaintState(row.state), reason)
            return replace(row, owner_id=owner_id, state=state)
        case events.ComplaintReclassified(severity=severity):
            return replace(row, severity=severity)
        case events.ComplaintResumed():
            return replace(row, pause_reason=None)
        case _:
            return stepped(row, event, envelope.occurred_at)


def project_repeat(row: ComplaintRow, event: RepeatEvent) -> ComplaintRow:
    """Return the row of a complaint after it was linked or escalated."""
    match event:
        case events.ComplaintLinked(first_id=first_id, number=number):
            return replace(row, first_id=first_id, repeat_number=number)
        case events.ComplaintEscalated(level=level):
            late_level = level if event.because is EscalationReason.LATE else row.late_level
            return replace(row, escalation_level=max(level, row.escalation_level), late_level=late_level)


def clocked(row: ComplaintRow, event: Target | events.ComplaintPaused) -> ComplaintRow:
    """While the clock stands still nothing is due."""
    if isinstance(event, events.ComplaintPaused):
        return replace(row, pause_reason=event.reason, answer_by=None, resolve_by=None)
    return replace(
        row,
        tier=event.tier,
        calendar=event.calendar,
        calendar_number=event.calendar_number,
        answer_by=event.answer_by,
        resolve_by=event.resolve_by,
        policy_number=event.policy_number,
        is_provisional=event.provisional,
    )


def stepped(row: ComplaintRow, event: complaint.Event, at: datetime) -> ComplaintRow:
    match event:
        case events.ComplaintAnswered(content_ref=content_ref):
            refs = [*row.answer_refs, *([content_ref] if content_ref else [])]
            row = replace(row, state=ComplaintState.ANSWERED, answered_at=row.answered_at or at, answer_refs=refs)
            first = event.answered_in_time if row.was_answered_in_time is None else row.was_answered_in_time
            return replace(
                row, was_answered_in_time=first, was_resolved_in_time=event.resolved_in_time, consent_at=None
            )
        case events.ComplaintCommunicated(consent_at=consent_at):
            return replace(row, state=ComplaintState.COMMUNICATED, communicated_at=at, consent_at=consent_at)
        case events.ComplaintConfirmed():
            return replace(row, state=ComplaintState.CONFIRMED, confirmed_at=at)
        case events.ComplaintConsented():
            return replace(row, state=ComplaintState.CONSENTED)
        case events.ComplaintClosed(resolution=resolution):
            closed = replace(row, state=ComplaintState.CLOSED, closed_at=at, resolution=resolution)
            verdict = event.resolved_in_time if row.first_closed_at is None else row.verdict
            return replace(closed, first_closed_at=row.first_closed_at or at, verdict=verdict)
        case events.ComplaintReopened():
            times = row.reopened_times + 1
            row = replace(row, pause_reason=None, resolution=None, late_level=0)
            return replace(row, state=ComplaintState.REOPENED, closed_at=None, consent_at=None, reopened_times=times)
        case _:
            return row


def first_complaint_row(envelope: Envelope[complaint.Event], event: events.ComplaintRaised) -> ComplaintRow:
    return ComplaintRow(
        complaint_id=envelope.stream_id,
        version=envelope.version,
        customer_id=envelope.subject,
        raised_at=envelope.occurred_at,
        **event.model_dump(exclude={"type"}),
    )
