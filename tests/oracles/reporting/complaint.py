"""The row of a complaint after one more event."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from contracts import followup as events
from contracts.event import Envelope
from contracts.followup.complaint import ComplaintEvent, Target
from tests.oracles.reporting.rows import ComplaintRow


def evolve(row: ComplaintRow | None, envelope: Envelope[Any]) -> ComplaintRow | None:
    event = envelope.event
    if isinstance(event, events.ComplaintRaised):
        return raised(envelope, event)
    if row is None:
        return None
    match event:
        case events.ComplaintLinked(first_id=first_id, number=number):
            return replace(row, first_id=first_id, repeat_number=number)
        case events.ComplaintEscalated(level=level):
            return replace(row, escalation_level=max(level, row.escalation_level))
        case _:
            return after(row, event, envelope.occurred_at)


def raised(envelope: Envelope[Any], event: events.ComplaintRaised) -> ComplaintRow:
    return ComplaintRow(
        complaint_id=envelope.stream_id,
        customer_id=envelope.subject,
        raised_at=envelope.occurred_at,
        **event.model_dump(exclude={"type", "content_ref"}),
    )


def after(complaint: ComplaintRow, event: ComplaintEvent, at: datetime) -> ComplaintRow:
    match event:
        case events.ComplaintAssigned(owner_id=owner_id):
            return replace(complaint, owner_id=owner_id)
        case (
            events.ComplaintTargetSet()
            | events.ComplaintTargetChanged()
            | events.ComplaintPaused()
            | events.ComplaintResumed()
        ):
            return with_clock(complaint, event, at)
        case events.ComplaintReclassified(severity=severity):
            return replace(complaint, severity=severity)
        case events.ComplaintAnswered():
            return answered(complaint, event, at)
        case events.ComplaintReopened():
            return reopened(complaint, at)
        case _:
            return settled(complaint, event, at)


def with_clock(
    complaint: ComplaintRow, event: Target | events.ComplaintPaused | events.ComplaintResumed, at: datetime
) -> ComplaintRow:
    """A pause removes the targets. After it, a new target is set."""
    match event:
        case events.ComplaintPaused():
            return replace(complaint, paused_at=at, pauses=complaint.pauses + 1, answer_by=None, resolve_by=None)
        case events.ComplaintResumed():
            return resumed(complaint, at)
        case _:
            return replace(complaint, answer_by=event.answer_by, resolve_by=event.resolve_by)


def resumed(complaint: ComplaintRow, at: datetime) -> ComplaintRow:
    """Add the ended pause, if there was one, to the total."""
    paused = at - complaint.paused_at if complaint.paused_at else at - at
    seconds = max(0, int(paused.total_seconds()))
    return replace(complaint, paused_at=None, paused_seconds=complaint.paused_seconds + seconds)


def answered(complaint: ComplaintRow, event: events.ComplaintAnswered, at: datetime) -> ComplaintRow:
    first = complaint.was_answered_in_time
    return replace(
        complaint,
        answered_at=complaint.answered_at or at,
        answered_by=complaint.answered_by or event.employee_id,
        answers=complaint.answers + 1,
        awaits_answer=False,
        was_answered_in_time=event.answered_in_time if first is None else first,
    )


def reopened(complaint: ComplaintRow, at: datetime) -> ComplaintRow:
    """Reset the steps. A current pause ends."""
    return replace(
        resumed(complaint, at),
        awaits_answer=True,
        communicated_at=None,
        confirmed_at=None,
        consented_at=None,
        closed_at=None,
        resolution=None,
        reopened_at=at,
        reopened_times=complaint.reopened_times + 1,
    )


def settled(complaint: ComplaintRow, event: ComplaintEvent, at: datetime) -> ComplaintRow:
    match event:
        case events.ComplaintCommunicated():
            return replace(complaint, communicated_at=at)
        case events.ComplaintConfirmed():
            return replace(complaint, confirmed_at=at)
        case events.ComplaintConsented():
            return replace(complaint, consented_at=at)
        case events.ComplaintClosed(resolution=resolution, resolved_in_time=in_time):
            verdict = in_time if complaint.first_closed_at is None else complaint.was_resolved_in_time
            first_closed_at = complaint.first_closed_at or at
            complaint = replace(complaint, first_closed_at=first_closed_at, was_resolved_in_time=verdict)
            return replace(complaint, closed_at=at, resolution=resolution)
        case _:
            return complaint
