"""The tier schemes in force, and whom their rules have to look at, kept in step with what they depend on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.versions import waiting
from contracts import customer as events
from contracts.event import Envelope
from services.customer.tiers import memory

TABLES = ("tier_scheme", "tier_due", waiting.TABLE)
# What the rules are told of a customer is made from these.
TOLD = (
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
    """Apply a batch, in the transaction that brings the other lists up to date: whoever looks sees both or neither."""
    changed: dict[UUID, datetime] = {}
    for envelope in envelopes:
        if isinstance(envelope.event, events.TierSchemePublished):
            if not await waiting.keep(held, envelope.event, envelope.event.name):
                await memory.publish(held, envelope.event)
        elif isinstance(envelope.event, TOLD):
            changed.setdefault(envelope.subject, envelope.recorded_at)
        if isinstance(envelope.event, events.Unmerged):
            changed.setdefault(envelope.event.from_customer_id, envelope.recorded_at)
    await memory.mark(held, changed)
