"""Reads the rules with their drafts, how many alerts each has, and how far the last sweep is."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

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
    LEFT JOIN (SELECT * FROM rule_sweep ORDER BY number DESC LIMIT 1) AS last ON true
"""


SHADOW = """
    SELECT alert_id AS id, number, customer_id, concerns_id, owner_id, since AS silent_since, starts_at, raised_at,
        ended_at
    FROM shadow_episode
    WHERE rule_id = $1 AND ($2::uuid IS NULL OR (alert_id, number) > ($2, $3)) ORDER BY alert_id, number LIMIT $4
"""
SHADOW_COUNTS = """
    SELECT number, count(*) FILTER (WHERE ended_at IS NULL) AS open, count(ended_at) AS ended,
        count(DISTINCT customer_id) AS customers, min(raised_at) AS first_raised_at
    FROM shadow_episode WHERE rule_id = $1 GROUP BY number ORDER BY number DESC LIMIT $2
"""
FAILURES = """
    SELECT customer_id, reason, coalesce(reason_zh, reason) AS reason_zh, failed_at FROM rule_failure
    WHERE rule_id = $1 AND ($2::uuid IS NULL OR customer_id > $2) AND (over_at IS NULL OR over_at > $4)
    ORDER BY customer_id LIMIT $3
"""
# Drafts in shadow, the latest first.
MAX_SHADOWS: Final = 20


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


class ShadowEpisode(BaseModel):
    """An episode of a rule in shadow. It was delivered to nobody. `number` is that of the draft."""

    id: UUID
    number: int
    customer_id: UUID
    concerns_id: UUID | None
    owner_id: str | None
    silent_since: datetime
    starts_at: datetime
    raised_at: datetime
    ended_at: datetime | None


class RuleFailure(BaseModel):
    """A customer on which an expression of a rule fails, and why.

    If `applies` fails, the alerts of the rule about the customer stay as they are. If `counts` fails on an event, the
    event does not count; it is listed until it would not count any more.
    """

    customer_id: UUID
    reason: str
    reason_zh: str
    failed_at: datetime


class ShadowCounts(BaseModel):
    """What a draft in shadow has found: how many episodes are open, and how many began and ended within 90 days.

    `first_raised_at` is when the first one was detected.
    """

    number: int
    open: int
    ended: int
    customers: int
    first_raised_at: datetime | None


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

    async def shadow_page(self, name: str, after: list[str] | None, limit: int) -> list[ShadowEpisode]:
        """Return up to `limit` + 1 episodes of a rule in shadow, in id order."""
        alert_id, number = (UUID(after[0]), int(after[1])) if after else (None, None)
        rows = await self._pool.fetch(SHADOW, name, alert_id, number, limit + 1)
        return [ShadowEpisode(**row) for row in rows]

    async def failures_page(self, name: str, now: datetime, after: list[str] | None, limit: int) -> list[RuleFailure]:
        """Return up to `limit` + 1 failures of a rule that are not over, by customer id."""
        rows = await self._pool.fetch(FAILURES, name, UUID(after[0]) if after else None, limit + 1, now)
        return [RuleFailure(**row) for row in rows]

    async def shadow_counts(self, name: str) -> list[ShadowCounts]:
        """Return the counts of each draft that was in shadow, the latest first."""
        return [ShadowCounts(**row) for row in await self._pool.fetch(SHADOW_COUNTS, name, MAX_SHADOWS)]

    async def sweep(self) -> SweepView:
        row: Any = await self._pool.fetchrow(LAST_SWEEP)
        return SweepView(**row)


def by_rule(rows: list[Record]) -> dict[str, int]:
    return {row["rule_id"]: row["count"] for row in rows}
