"""Reads likely duplicates with their reasons."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import BaseModel

from chassis.postgres.database import Pool, fetch_planned
from chassis.postgres.visibility import holds
from services.customer.merging.likeness import Reason

LIST = f"""
    SELECT p.low_id AS customer_id, a.name, p.high_id AS other_id, b.name AS other_name, p.reasons, p.score
    FROM duplicate_pair p JOIN customer a ON a.customer_id = p.low_id JOIN customer b ON b.customer_id = p.high_id
    WHERE p.score > 0 AND NOT p.is_apart AND a.merged_into IS NULL AND b.merged_into IS NULL
      AND ($1::integer IS NULL OR p.score < $1 OR (p.score = $1 AND (p.low_id, p.high_id) > ($2::uuid, $3::uuid)))
      AND ($4::text IS NULL OR {holds("a", "$4")} AND {holds("b", "$4")})
    ORDER BY p.score DESC, p.low_id, p.high_id LIMIT $5
"""  # noqa: S608 - fixed text


class DuplicateView(BaseModel):
    """Two customers that may be the same. `score` is from 0 to 100. Only companies have names here."""

    customer_id: UUID
    name: str | None
    other_id: UUID
    other_name: str | None
    reasons: list[Reason]
    score: int


async def page(pool: Pool, visible_to: str | None, cursor: Sequence[str] | None, limit: int) -> list[DuplicateView]:
    """Return up to `limit` + 1 pairs, highest score first."""
    after = (int(cursor[0]), UUID(cursor[1]), UUID(cursor[2])) if cursor else (None, None, None)
    return [DuplicateView(**row) for row in await fetch_planned(pool, LIST, *after, visible_to, limit + 1)]


def cursor_of(pair: DuplicateView) -> list[str]:
    return [str(pair.score), str(pair.customer_id), str(pair.other_id)]
