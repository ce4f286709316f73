"""The latest handover of each customer."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, get_args
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts import customer as events
from contracts.event import Envelope
from services.customer.projection.fold import BY_CUSTOMER, fold_rows


class HandoverState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class HandoverRow:
    """`note_ref` refers to the note of its acceptance or withdrawal."""

    customer_id: UUID
    version: int
    state: str
    batch_id: UUID | None
    from_owner_id: str | None
    to_owner_id: str
    to_leader_id: str | None
    reason: str
    checklist: list[dict[str, Any]]
    started_at: datetime
    note_ref: UUID | None = None
    settled_at: datetime | None = None
    contracts: list[dict[str, Any]] = field(default_factory=list)


HANDOVERS = Rows("handover", HandoverRow, "customer_id")
TABLES = ("handover",)
OWN = get_args(events.HandoverEvent)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    own = [envelope for envelope in envelopes if isinstance(envelope.event, OWN)]
    await fold_rows(HANDOVERS, BY_CUSTOMER, project, own, held)


def project(row: HandoverRow | None, envelope: Envelope[events.HandoverEvent]) -> HandoverRow:
    """Return the row after one event."""
    event = envelope.event
    if isinstance(event, events.HandoverStarted):
        return started(envelope, event)
    if row is None:
        raise LookupError("a handover's first event must be HandoverStarted")
    ended = replace(row, version=envelope.version, settled_at=envelope.occurred_at)
    match event:
        case events.HandoverAccepted(note_ref=note_ref):
            return replace(ended, state=HandoverState.ACCEPTED, note_ref=note_ref)
        case events.HandoverWithdrawn(reason_ref=reason_ref):
            return replace(ended, state=HandoverState.WITHDRAWN, note_ref=reason_ref)


def started(envelope: Envelope[events.HandoverEvent], event: events.HandoverStarted) -> HandoverRow:
    return HandoverRow(
        customer_id=envelope.subject,
        version=envelope.version,
        state=HandoverState.OPEN,
        batch_id=event.batch_id,
        from_owner_id=event.from_owner_id,
        to_owner_id=event.to_owner_id,
        to_leader_id=event.to_leader_id,
        reason=event.reason,
        checklist=[item.model_dump(mode="json") for item in event.checklist],
        contracts=[contract.model_dump(mode="json") for contract in event.contracts],
        started_at=envelope.occurred_at,
    )
