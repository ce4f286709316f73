"""The tier schemes in force, and the queue of customers to evaluate."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.versions import waiting
from contracts import customer as events
from contracts.event import Envelope
from services.customer.tiers import evaluation_queue

TABLES = ("tier_scheme", "tier_due", waiting.TABLE)
# Events that change inputs of the tier rules.
INPUT_EVENTS = (
    events.Registered,
    events.ProfileChanged,
    events.StageChanged,
    events.TierReleased,
    events.OrderPlaced,
    events.OrderCancelled,
    events.ContractSigned,
    events.Merged,
    events.Unmerged,
)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch, in the same transaction as the other lists, so that an evaluation sees both or neither."""
    changed: dict[UUID, datetime] = {}
    for envelope in envelopes:
        if isinstance(envelope.event, events.TierSchemePublished):
            if not await waiting.keep(held, envelope.event, envelope.event.name):
                await evaluation_queue.publish(held, envelope.event)
        elif isinstance(envelope.event, INPUT_EVENTS):
            changed.setdefault(envelope.subject, envelope.recorded_at)
        if isinstance(envelope.event, events.Unmerged):
            changed.setdefault(envelope.event.from_customer_id, envelope.recorded_at)
    await evaluation_queue.mark(held, changed)
