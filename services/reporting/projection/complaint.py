"""A complaint from its raising to its closing."""

from dataclasses import replace
from typing import Any

from contracts import followup as events
from contracts.event import Envelope
from contracts.followup.complaint import ComplaintEvent
from services.reporting.projection.rows import ComplaintRow
from services.reporting.projection.sheet import Sheet


def project(rows: Sheet, envelope: Envelope[Any], event: ComplaintEvent) -> None:
    """Bring the complaint's row up to date with one fact."""
    if isinstance(event, events.ComplaintRaised):
        rows.complaints[envelope.stream_id] = raised(envelope, event)
        return
    rows.complaints[envelope.stream_id] = after(rows.complaints[envelope.stream_id], envelope, event)


def after(complaint: ComplaintRow, envelope: Envelope[Any], event: ComplaintEvent) -> ComplaintRow:
    occurred_at = envelope.occurred_at
    match event:
        case events.ComplaintAssigned(owner_id=owner_id):
            return replace(complaint, owner_id=owner_id)
        case events.ComplaintReopened():
            return replace(complaint, confirmed_at=None, closed_at=None)
        case (
            events.ComplaintRaised()
            | events.ComplaintPaused()
            | events.ComplaintResumed()
            | events.ComplaintTold()
            | events.ComplaintConsented()
            | events.ComplaintTargetSet()
            | events.ComplaintTargetChanged()
        ):
            # The read model has no columns for these yet; the timeline holds them.
            return complaint
        case events.ComplaintAnswered(employee_id=employee_id):
            return answered(complaint, envelope, employee_id)
        case events.ComplaintConfirmed():
            return replace(complaint, confirmed_at=occurred_at)
        case events.ComplaintClosed(resolution=resolution):
            return replace(complaint, closed_at=occurred_at, resolution=resolution)


def raised(envelope: Envelope[Any], event: events.ComplaintRaised) -> ComplaintRow:
    return ComplaintRow(
        complaint_id=envelope.stream_id,
        customer_id=envelope.subject,
        owner_id=event.owner_id,
        channel=event.channel,
        severity=event.severity,
        topic=event.topic,
        raised_at=envelope.occurred_at,
    )


def answered(complaint: ComplaintRow, envelope: Envelope[Any], employee_id: str) -> ComplaintRow:
    return replace(
        complaint,
        answered_at=complaint.answered_at or envelope.occurred_at,
        answered_by=complaint.answered_by or employee_id,
        answers=complaint.answers + 1,
    )
