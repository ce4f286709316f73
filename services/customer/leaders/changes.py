"""Stored state of the changes of employees' leaders: the last change of each employee, and how far it is applied.

No read model: a rebuild of the list of customers does not apply a change again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.postgres.database import Connection, Pool
from contracts.customer import EmployeeLeaderChanged
from contracts.event import Envelope

BEGINNING = UUID(int=0)
# The former leaders of an employee that are kept: customers from before a stated leader was marked may have them.
MAX_LEADERS = 20

STORE = """
    INSERT INTO leader_change (stream_id, position, event_id, employee_id, leader_id, leader_ids, recorded_at,
        correlation_id, traceparent, due_at)
    VALUES ($1, $2, $3, $4, $5, array_remove(ARRAY[$6, $5], NULL), $7, $8, $9, $7)
    ON CONFLICT (stream_id) DO UPDATE SET position = excluded.position, event_id = excluded.event_id,
        leader_id = excluded.leader_id, recorded_at = excluded.recorded_at, correlation_id = excluded.correlation_id,
        traceparent = excluded.traceparent, due_at = excluded.due_at, after = excluded.after,
        leader_ids = (excluded.leader_ids || leader_change.leader_ids)[:$10]
    WHERE leader_change.position < excluded.position
"""
# Those first that waited longest, so the employees take turns.
NEXT = """
    SELECT event_id, employee_id, leader_id, leader_ids, recorded_at, correlation_id, traceparent, after
    FROM leader_change WHERE due_at <= $1 ORDER BY due_at, stream_id LIMIT $2
"""
# An erased customer takes no more events. Before stated leaders were marked, one that was never the owner's was stated.
TO_CHANGE = """
    SELECT customer_id, version, leader_id FROM customer
    WHERE owner_id = $1 AND customer_id > $2 AND leader_id IS DISTINCT FROM $3 AND NOT is_leader_stated
      AND (leader_id IS NULL OR leader_id = ANY($4)) AND NOT is_erased
    ORDER BY customer_id LIMIT $5
"""
CONTINUE = "UPDATE leader_change SET after = $2, due_at = $3 WHERE event_id = $1"
FINISH = "UPDATE leader_change SET due_at = NULL WHERE event_id = $1"


@dataclass(frozen=True, slots=True)
class LeaderChange:
    """An employee's last change of leader. Their customers up to `after` have been dealt with in this pass."""

    event_id: UUID
    employee_id: str
    leader_id: str | None
    leader_ids: Sequence[str]
    recorded_at: datetime
    correlation_id: str
    traceparent: str | None
    after: UUID


def change_of(envelope: Envelope[Any]) -> Envelope[EmployeeLeaderChanged] | None:
    return envelope if isinstance(envelope.event, EmployeeLeaderChanged) else None


async def store(held: Connection, changed: Sequence[Envelope[EmployeeLeaderChanged]]) -> None:
    """Store each employee's last change, to be applied from the beginning. A known change is not stored again."""
    for each in changed:
        event, cause = each.event, each.metadata
        employee = event.employee_id, event.leader_id, event.previous_leader_id
        caused = each.recorded_at, cause.correlation_id, cause.traceparent
        await held.execute(STORE, each.stream_id, each.position, each.id, *employee, *caused, MAX_LEADERS)


async def next_changes(pool: Pool, now: datetime, limit: int) -> list[LeaderChange]:
    return [LeaderChange(**row) for row in await pool.fetch(NEXT, now, limit)]


async def to_change(pool: Pool, change: LeaderChange, leader_id: str | None, limit: int) -> list[asyncpg.Record]:
    """Return the next customers of the employee that have another leader, which was not stated."""
    leader_ids = list(change.leader_ids)
    return list(await pool.fetch(TO_CHANGE, change.employee_id, change.after, leader_id, leader_ids, limit))


async def continue_after(pool: Pool, change: LeaderChange, customer_id: UUID, due_at: datetime) -> None:
    """Deal with the customers after this one at `due_at`, unless the employee has another leader again."""
    await pool.execute(CONTINUE, change.event_id, customer_id, due_at)


async def finish(pool: Pool, change: LeaderChange) -> None:
    await pool.execute(FINISH, change.event_id)
