"""The list of handover batches. The runner writes their items."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts import customer as events
from contracts.event import Envelope
from services.customer.projection.fold import BY_STREAM, fold_rows


@dataclass(frozen=True, slots=True)
class HandoverBatchRow:
    batch_id: UUID
    version: int
    from_owner_id: str | None
    to_owner_ids: Sequence[str]
    reason: str
    stage: str | None
    tier: str | None
    tag: str | None
    region: str | None
    led_by: str | None
    waits_for_acceptance: bool
    leaves: bool
    started_by: str
    started_at: datetime
    ended_at: datetime | None = None
    to_leader_id: str | None = None
    customer_ids: Sequence[UUID] | None = None


BATCHES = Rows("handover_batch", HandoverBatchRow, "batch_id")
TABLES = ("handover_batch",)
OWN = get_args(events.HandoverBatchEvent)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    own = [envelope for envelope in envelopes if isinstance(envelope.event, OWN)]
    await fold_rows(BATCHES, BY_STREAM, project, own, held)


def project(row: HandoverBatchRow | None, envelope: Envelope[events.HandoverBatchEvent]) -> HandoverBatchRow:
    """Return the row after one event."""
    event = envelope.event
    if isinstance(event, events.HandoverBatchStarted):
        return HandoverBatchRow(
            batch_id=envelope.stream_id,
            version=envelope.version,
            started_by=envelope.metadata.actor,
            started_at=envelope.occurred_at,
            **event.model_dump(exclude={"type"}),
        )
    if row is None:
        raise LookupError("a batch's first event must be HandoverBatchStarted")
    return replace(row, version=envelope.version, ended_at=envelope.occurred_at)
