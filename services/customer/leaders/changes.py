"""Stored state of the changes of employees' leaders: the last change of each employee, and how far it is applied.

No read model: a rebuild of the list of customers does not store a change again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.postgres.database import Connection, Pool
from contracts.customer import EmployeeLeaderChanged, OwnerAssigned
from contracts.event import Envelope
from services.customer.employees import save_leader

BEGINNING = UUID(int=0)
# The former leaders of an employee that are kept: customers from before a stated leader was marked may have them.
MAX_LEADERS = 20

# The latest leaders first, each once. Only the build before reads `leader_id` and `recorded_at`: one can go back to it.
STORE = """
    INSERT INTO leader_change (stream_id, position, event_id, employee_id, leader_id, leader_ids, recorded_at,
        correlation_id, traceparent, due_at)
    VALUES ($1, $2, $3, $4, $5, array_remove(ARRAY[$5, $6], NULL), $7, $8, $9, $7)
    ON CONFLICT (stream_id) DO UPDATE SET position = excluded.position, event_id = excluded.event_id,
        leader_id = excluded.leader_id, recorded_at = excluded.recorded_at, correlation_id = excluded.correlation_id,
        traceparent = excluded.traceparent, due_at = excluded.due_at, after = excluded.after,
        leader_ids = ARRAY(
            SELECT id FROM unnest(excluded.leader_ids || leader_change.leader_ids) WITH ORDINALITY AS known (id, place)
            GROUP BY id ORDER BY min(place) LIMIT $10)
    WHERE leader_change.position < excluded.position
"""
# The owners of those of these customers that `to_change` would return.
WITH_FORMER_LEADER = """
    SELECT DISTINCT change.stream_id FROM customer
    JOIN leader_change change ON change.employee_id = customer.owner_id
    LEFT JOIN employee ON employee.employee_id = change.employee_id
    LEFT JOIN employee leader ON leader.employee_id = employee.leader_id
    WHERE customer.customer_id = ANY($1) AND NOT customer.is_leader_stated AND NOT customer.is_erased
      AND customer.leader_id IS DISTINCT FROM CASE WHEN leader.left_at IS NULL THEN employee.leader_id END
      AND (customer.leader_id IS NULL OR customer.leader_id = ANY(change.leader_ids))
"""
REPEAT = """
    UPDATE leader_change SET after = DEFAULT, due_at = least(due_at, now()), repeats = repeats + 1
    WHERE stream_id = ANY($1)
"""
# Those first that waited longest, so the employees take turns.
NEXT = """
    SELECT event_id, repeats, employee_id, leader_ids, correlation_id, traceparent, after
    FROM leader_change WHERE due_at <= $1 ORDER BY due_at, stream_id LIMIT $2
"""
# An erased customer takes no more events. Before stated leaders were marked, one that was never the owner's was stated.
TO_CHANGE = """
    SELECT customer_id, version, leader_id FROM customer
    WHERE owner_id = $1 AND customer_id > $2 AND leader_id IS DISTINCT FROM $3 AND NOT is_leader_stated
      AND (leader_id IS NULL OR leader_id = ANY($4)) AND NOT is_erased
    ORDER BY customer_id LIMIT $5
"""
CONTINUE = "UPDATE leader_change SET after = $3, due_at = $4 WHERE event_id = $1 AND repeats = $2"
FINISH = "UPDATE leader_change SET due_at = NULL WHERE event_id = $1 AND repeats = $2"


@dataclass(frozen=True, slots=True)
class LeaderChange:
    """An employee's last change of leader. Their customers up to `after` have been dealt with in this pass."""

    event_id: UUID
    repeats: int
    employee_id: str
    leader_ids: Sequence[str]
    correlation_id: str
    traceparent: str | None
    after: UUID


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch that the list of customers has applied.

    Guarantee: an event that gives a customer another leader than the owner's in the list of employees makes the owner's
    change due again, however late its command was appended or applied. So no waiting time decides when a change ends.
    """
    changed = [change for each in envelopes if (change := change_of(each))]
    for each in changed:
        await save_leader(held, each.event.employee_id, each.event.leader_id, each.version)
    await store(held, changed)
    await repeat(held, [each.subject for each in envelopes if isinstance(each.event, OwnerAssigned)])


def change_of(envelope: Envelope[Any]) -> Envelope[EmployeeLeaderChanged] | None:
    return envelope if isinstance(envelope.event, EmployeeLeaderChanged) else None


async def store(held: Connection, changed: Sequence[Envelope[EmployeeLeaderChanged]]) -> None:
    """Store each employee's last change, to be applied from the beginning. A known change is not stored again."""
    for each in changed:
        event, cause = each.event, each.metadata
        employee = event.employee_id, event.leader_id, event.previous_leader_id
        caused = each.recorded_at, cause.correlation_id, cause.traceparent
        await held.execute(STORE, each.stream_id, each.position, each.id, *employee, *caused, MAX_LEADERS)


async def repeat(held: Connection, customer_ids: Sequence[UUID]) -> None:
    """Apply the changes of those owners again of whom one of these customers has a former leader."""
    if customer_ids and (rows := await held.fetch(WITH_FORMER_LEADER, customer_ids)):
        await held.execute(REPEAT, [row["stream_id"] for row in rows])


async def next_changes(pool: Pool, now: datetime, limit: int) -> list[LeaderChange]:
    return [LeaderChange(**row) for row in await pool.fetch(NEXT, now, limit)]


async def to_change(pool: Pool, change: LeaderChange, leader_id: str | None, limit: int) -> list[asyncpg.Record]:
    """Return the next customers of the employee that have another leader, which was not stated."""
    leader_ids = list(change.leader_ids)
    return list(await pool.fetch(TO_CHANGE, change.employee_id, change.after, leader_id, leader_ids, limit))


async def continue_after(pool: Pool, change: LeaderChange, customer_id: UUID, due_at: datetime) -> None:
    """Deal with the customers after this one at `due_at`, unless the change is replaced or repeated."""
    await pool.execute(CONTINUE, change.event_id, change.repeats, customer_id, due_at)


async def finish(pool: Pool, change: LeaderChange) -> None:
    """End the change, unless it is replaced or repeated."""
    await pool.execute(FINISH, change.event_id, change.repeats)
