"""The list of complaints, updated from their events."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts import followup as events
from contracts.event import Envelope
from contracts.followup.complaint import Target
from services.followup.domain import complaint
from services.followup.domain.complaint import ComplaintState
from services.followup.projection.by_stream import keep


@dataclass(frozen=True, slots=True)
class ComplaintRow:
    """`answered_at` is the time of the first answer; `answer_refs` point to the text of every answer, in order.

    The first answer sets `was_answered_in_time` and the first closing sets `verdict`; no later event changes them.
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


COMPLAINTS = Rows("complaint", ComplaintRow, "complaint_id")
TABLES = ("complaint",)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch. The consumer calls this inside its own transaction."""
    await keep(COMPLAINTS, project, [each for each in envelopes if isinstance(each.event, complaint.Event)], held)


def project(row: ComplaintRow | None, envelope: Envelope[complaint.Event]) -> ComplaintRow:
    """Return the row of a complaint after one event."""
    event = envelope.event
    if isinstance(event, events.ComplaintRaised):
        return first_row(envelope, event)
    if row is None:
        raise LookupError("a complaint's first event must be its raising")
    row = replace(row, version=envelope.version)
    match event:
        case events.ComplaintTargetSet() | events.ComplaintTargetChanged() | events.ComplaintPaused():
            return with_targets(row, event)
        case events.ComplaintAssigned(owner_id=owner_id, reason=reason):
            state = complaint.state_assigned(ComplaintState(row.state), reason)
            return replace(row, owner_id=owner_id, state=state)
        case events.ComplaintReclassified(severity=severity):
            return replace(row, severity=severity)
        case events.ComplaintResumed():
            return replace(row, pause_reason=None)
        case _:
            return after_step(row, event, envelope.occurred_at)


def with_targets(row: ComplaintRow, event: Target | events.ComplaintPaused) -> ComplaintRow:
    """Return the row with its due times; a paused complaint has none."""
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


def after_step(row: ComplaintRow, event: complaint.Event, at: datetime) -> ComplaintRow:
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


def first_row(envelope: Envelope[complaint.Event], event: events.ComplaintRaised) -> ComplaintRow:
    return ComplaintRow(
        complaint_id=envelope.stream_id,
        version=envelope.version,
        customer_id=envelope.subject,
        raised_at=envelope.occurred_at,
        **event.model_dump(exclude={"type"}),
    )
