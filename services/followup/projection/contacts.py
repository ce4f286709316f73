"""The list of contacts, updated from their events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts import followup as events
from contracts.event import Envelope
from services.followup.domain import contact
from services.followup.projection.by_stream import keep


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


CONTACTS = Rows("contact", ContactRow, "contact_id")
TABLES = ("contact",)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch. The consumer calls this inside its own transaction."""
    await keep(CONTACTS, project, [each for each in envelopes if isinstance(each.event, contact.Event)], held)


def project(_row: ContactRow | None, envelope: Envelope[contact.Event]) -> ContactRow:
    """Return the row of a contact, which has one event."""
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
