"""Reads handover batches: their progress, and the outcome of each customer."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from chassis.postgres.database import Pool, fetch_planned
from services.customer.handovers.outcomes import Outcome
from services.customer.projection.handover_batches import HandoverBatchRow

COUNTS = """
    SELECT outcome, count(*) AS customers FROM handover_item WHERE batch_id = $1 GROUP BY outcome
    UNION ALL SELECT 'accepted', count(*) FROM handover WHERE batch_id = $1 AND state = 'accepted'
"""
ITEMS = """
    SELECT customer_id, kind, to_owner_id, outcome, problem FROM handover_item
    WHERE batch_id = $1 AND ($2::text IS NULL OR outcome = $2)
      AND ($3::uuid IS NULL OR (customer_id, kind) > ($3, $4::text))
    ORDER BY customer_id, kind LIMIT $5
"""


class BatchCounts(BaseModel):
    """The number of customers of a batch by outcome. `accepted` ones are included in `begun` or `passed_on`."""

    waiting: int = 0
    begun: int = 0
    passed_on: int = 0
    help_ended: int = 0
    leader_changed: int = 0
    refused: int = 0
    accepted: int = 0


class HandoverBatchView(BaseModel):
    """A batch with its request and its progress."""

    id: UUID
    version: int
    from_owner_id: str | None
    to_owner_ids: list[str]
    reason: str
    stage: str | None
    tier: str | None
    tag: str | None
    region: str | None
    led_by: str | None
    waits_for_acceptance: bool
    leaves: bool
    to_leader_id: str | None
    customer_ids: list[UUID] | None
    started_by: str
    started_at: datetime
    ended_at: datetime | None
    customers: BatchCounts


class HandoverItemView(BaseModel):
    """One customer of a batch: the employee who hands over owned, helped or led it. `to_owner_id` takes over."""

    customer_id: UUID
    kind: Literal["owned", "helped", "led"]
    to_owner_id: str | None
    outcome: Outcome
    problem: dict[str, str] | None


async def view(pool: Pool, row: HandoverBatchRow) -> HandoverBatchView:
    counts = {each["outcome"].replace("-", "_"): each["customers"] for each in await pool.fetch(COUNTS, row.batch_id)}
    return HandoverBatchView(id=row.batch_id, customers=BatchCounts(**counts), **asdict(row))


async def page(
    pool: Pool, batch_id: UUID, outcome: Outcome | None, after: Sequence[str] | None, limit: int
) -> list[HandoverItemView]:
    """Return up to `limit` + 1 customers of a batch."""
    customer_id, kind = (UUID(after[0]), after[1]) if after else (None, None)
    rows = await fetch_planned(pool, ITEMS, batch_id, outcome, customer_id, kind, limit + 1)
    return [HandoverItemView(**row) for row in rows]


def cursor_of(item: HandoverItemView) -> list[str]:
    return [str(item.customer_id), item.kind]
