"""The items of a handover batch: the waiting ones, and the outcome of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from chassis.commands.decider import RejectedError
from chassis.postgres.database import Pool

WAITING = """
    SELECT customer_id, kind, to_owner_id FROM handover_item
    WHERE batch_id = $1 AND outcome = 'waiting' ORDER BY customer_id, kind LIMIT $2
"""
RECORD = """
    UPDATE handover_item i SET outcome = n.outcome, problem = n.problem
    FROM unnest($2::uuid[], $3::text[], $4::text[], $5::jsonb[]) AS n(customer_id, kind, outcome, problem)
    WHERE i.batch_id = $1 AND i.customer_id = n.customer_id AND i.kind = n.kind
"""
COUNTS = """
    SELECT count(*) FILTER (WHERE outcome IN ('begun', 'passed-on')) AS handed_over,
        count(*) FILTER (WHERE outcome = 'refused') AS refused FROM handover_item WHERE batch_id = $1
"""


class Outcome(StrEnum):
    """The outcome of one item of a batch."""

    WAITING = "waiting"
    BEGUN = "begun"
    PASSED_ON = "passed-on"
    HELP_ENDED = "help-ended"
    LEADER_CHANGED = "leader-changed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Item:
    """One customer of a batch, and whether the employee who hands over owns, helps or leads it."""

    customer_id: UUID
    kind: str
    to_owner_id: str | None


@dataclass(frozen=True, slots=True)
class ItemResult:
    item: Item
    outcome: Outcome
    problem: dict[str, str] | None = None

    @classmethod
    def refused(cls, item: Item, refusal: RejectedError) -> Self:
        problem = {"code": refusal.code, "detail": refusal.en, "detail_zh": refusal.zh}
        return cls(item, Outcome.REFUSED, problem)


async def waiting(pool: Pool, batch_id: UUID, limit: int) -> list[Item]:
    """Return up to `limit` items that have no outcome yet."""
    return [Item(**row) for row in await pool.fetch(WAITING, batch_id, limit)]


async def record(pool: Pool, batch_id: UUID, results: Sequence[ItemResult]) -> None:
    await pool.execute(
        RECORD,
        batch_id,
        [result.item.customer_id for result in results],
        [result.item.kind for result in results],
        [result.outcome for result in results],
        [result.problem for result in results],
    )


async def counts(pool: Pool, batch_id: UUID) -> dict[str, Any]:
    """Return how many customers were handed over, and how many were refused."""
    row: Any = await pool.fetchrow(COUNTS, batch_id)
    return dict(row)
