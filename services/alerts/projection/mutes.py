"""The list of mutes: one row for each rule that is or was muted for a customer, and was not unmuted by hand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chassis.postgres.database import Connection
from contracts.alerts import MuteEvent, RuleMuted
from contracts.event import Envelope

TABLES = ("mute",)
SAVE = """
    INSERT INTO mute (customer_id, rule_id, muted_until, reason_ref, muted_by, muted_at)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (customer_id, rule_id) DO UPDATE SET muted_until = excluded.muted_until,
        reason_ref = excluded.reason_ref, muted_by = excluded.muted_by, muted_at = excluded.muted_at
"""
DELETE = "DELETE FROM mute WHERE customer_id = $1 AND rule_id = $2"


class MuteRow(NamedTuple):
    customer_id: UUID
    rule_id: str
    muted_until: datetime | None
    reason_ref: UUID
    muted_by: str
    muted_at: datetime


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch. The last event of a mute is enough."""
    latest = {each.stream_id: each for each in envelopes if isinstance(each.event, MuteEvent)}
    for each in latest.values():
        if isinstance(each.event, RuleMuted):
            await held.execute(SAVE, *row_of(each, each.event))
        else:
            await held.execute(DELETE, each.subject, each.event.rule_id)


def row_of(envelope: Envelope[Any], event: RuleMuted) -> MuteRow:
    by, at = envelope.metadata.actor, envelope.occurred_at
    return MuteRow(envelope.subject, event.rule_id, event.muted_until, event.reason_ref, by, at)
