"""Reads the rules with their drafts, how many alerts each has, and how far the last sweep is."""

from datetime import datetime, timedelta
from typing import Any, Final

from asyncpg import Record
from pydantic import BaseModel

from chassis.postgres.database import Pool

STARTED_WITHIN: Final = timedelta(days=30)

ROWS = "SELECT name, kind, position, recorded_at, data FROM rule ORDER BY name"
NAMES = "SELECT count(DISTINCT name) FROM rule WHERE name <> $1"
OPEN = "SELECT rule_id, count(*) AS count FROM alert WHERE status <> 'resolved' GROUP BY rule_id"
STARTED = "SELECT rule_id, count(*) AS count FROM alert WHERE starts_at >= $1 GROUP BY rule_id"
LAST_SWEEP = """
    SELECT coalesce(customers, 0) AS customers, coalesce(ended, 0) AS ended, coalesce(due, 0) AS due, started_at,
        finished_at, of_customers
    FROM (SELECT count(*) AS of_customers FROM silence) AS known
    LEFT JOIN (SELECT * FROM rule_sweep ORDER BY started_at DESC LIMIT 1) AS last ON true
"""


class SweepView(BaseModel):
    """How far the evaluation of all customers is, after the rules in force changed last.

    `ended` alerts ended because of that; `due` customers have something to raise, which follows at once. Without times,
    no evaluation has begun yet.
    """

    customers: int
    of_customers: int
    ended: int
    due: int
    started_at: datetime | None
    finished_at: datetime | None


class RuleQueries:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def rows(self) -> list[Record]:
        """Return the latest version and the latest draft of each rule, in the order of names."""
        return list(await self._pool.fetch(ROWS))

    async def others(self, name: str) -> int:
        """Return how many other rules were drafted, published or retired."""
        count: int = await self._pool.fetchval(NAMES, name)
        return count

    async def counts(self, now: datetime) -> tuple[dict[str, int], dict[str, int]]:
        """Return by rule: the open alerts, and the alerts that started within the last 30 days."""
        is_open, started = await self._pool.fetch(OPEN), await self._pool.fetch(STARTED, now - STARTED_WITHIN)
        return by_rule(is_open), by_rule(started)

    async def sweep(self) -> SweepView:
        row: Any = await self._pool.fetchrow(LAST_SWEEP)
        return SweepView(**row)


def by_rule(rows: list[Record]) -> dict[str, int]:
    return {row["rule_id"]: row["count"] for row in rows}
