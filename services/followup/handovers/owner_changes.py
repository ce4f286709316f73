"""Stored state of the reassignment: the changes of owner whose open work is not all reassigned yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.commands.command import Context
from chassis.postgres.database import Connection, Pool
from contracts.customer import OwnerAssigned
from contracts.event import Envelope
from services.followup.actor import ACTOR

STORE = """
    INSERT INTO reassignment
        (event_id, customer_id, old_owner_id, new_owner_id, recorded_at, correlation_id, traceparent)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
"""
# Of each customer the first change, because the next one begins where it ends. The customers take turns.
NEXT = """
    SELECT event_id, customer_id, old_owner_id, new_owner_id, recorded_at, correlation_id, traceparent, after
    FROM (SELECT DISTINCT ON (customer_id) * FROM reassignment ORDER BY customer_id, number) AS first
    ORDER BY continued_at, number LIMIT $1
"""
CONTINUE = """
    UPDATE reassignment SET after = greatest(after, $2), continued_at = clock_timestamp() WHERE event_id = $1
"""
FINISH = "DELETE FROM reassignment WHERE event_id = $1"


@dataclass(frozen=True, slots=True)
class OwnerChange:
    """A customer passes from one owner to another. All work that began in the store up to `after` is reassigned."""

    event_id: UUID
    customer_id: UUID
    old_owner_id: str
    new_owner_id: str
    recorded_at: datetime
    correlation_id: str
    traceparent: str | None
    after: int = 0

    def context(self, stream_id: UUID) -> Context:
        """Return the context of the command to one task or complaint: the same for each attempt."""
        return Context(
            key=f"handover|{self.event_id}|{stream_id}",
            actor=ACTOR.name,
            correlation_id=self.correlation_id,
            now=self.recorded_at,
            causation_id=self.event_id,
            traceparent=self.traceparent,
        )


def change_of(envelope: Envelope[Any]) -> OwnerChange | None:
    """Return the change of owner that the event records, if it is one."""
    match envelope.event:
        case OwnerAssigned(previous_owner_id=str(old), owner_id=new) if old != new:
            known = envelope.metadata
            return OwnerChange(
                envelope.id, envelope.subject, old, new, envelope.recorded_at, known.correlation_id, known.traceparent
            )
        case _:
            return None


async def store(held: Connection, changes: Sequence[OwnerChange]) -> None:
    for each in changes:
        owners = each.old_owner_id, each.new_owner_id
        cause = each.recorded_at, each.correlation_id, each.traceparent
        await held.execute(STORE, each.event_id, each.customer_id, *owners, *cause)


async def next_changes(pool: Pool, limit: int) -> list[OwnerChange]:
    """Return the first unfinished change of each customer, those first that waited longest."""
    return [OwnerChange(**row) for row in await pool.fetch(NEXT, limit)]


async def continue_after(pool: Pool, change: OwnerChange, position: int) -> None:
    await pool.execute(CONTINUE, change.event_id, position)


async def finish(pool: Pool, change: OwnerChange) -> None:
    await pool.execute(FINISH, change.event_id)
