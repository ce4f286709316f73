"""Adds repeats and escalations to the list of complaints. Their events are in a stream for each customer."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chassis.postgres.database import Connection
from contracts import followup as events
from contracts.event import Envelope
from contracts.followup.complaint import EscalationReason, RepeatEvent
from services.followup.projection.complaints import COMPLAINTS, ComplaintRow


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch to complaints that are in the list. The consumer calls this inside its own transaction."""
    links = [each.event for each in envelopes if isinstance(each.event, RepeatEvent)]
    rows = await COMPLAINTS.load(held, [link.complaint_id for link in links])
    for link in links:
        rows[link.complaint_id] = project(rows[link.complaint_id], link)
    await COMPLAINTS.save(held, list(rows.values()))


def project(row: ComplaintRow, event: RepeatEvent) -> ComplaintRow:
    """Return the row of a complaint after it was linked to earlier ones or escalated."""
    match event:
        case events.ComplaintLinked(first_id=first_id, number=number):
            return replace(row, first_id=first_id, repeat_number=number)
        case events.ComplaintEscalated(level=level):
            late_level = level if event.because is EscalationReason.LATE else row.late_level
            return replace(row, escalation_level=max(level, row.escalation_level), late_level=late_level)
