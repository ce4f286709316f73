"""Stores the tier schemes in force, and the queue of customers to evaluate with their due times."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from chassis.postgres.database import Connection, Pool, transaction
from chassis.versions import waiting
from contracts.customer import TierDecision, TierSchemePublished

BEGINNING = UUID(int=0)

PUBLISH = """
    INSERT INTO tier_scheme (name, number, is_evaluated, data, passed_to) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (name) DO UPDATE SET number = excluded.number, is_evaluated = excluded.is_evaluated,
        data = excluded.data, passed_to = excluded.passed_to
"""
# Includes waiting versions that are effective already, but that no timer has put in force yet.
IN_FORCE = """
    SELECT DISTINCT ON (name) data FROM (
        SELECT name, number, data FROM tier_scheme
        UNION ALL SELECT name, number, data FROM waiting_version WHERE effective_from <= $1
    ) AS known ORDER BY name, number DESC
"""
# Without an evaluated scheme nobody is queued: publishing one queues every customer.
MARK = """
    INSERT INTO tier_due (customer_id, due_at) SELECT * FROM unnest($1::uuid[], $2::timestamptz[])
    WHERE EXISTS (SELECT FROM tier_scheme WHERE is_evaluated)
    ON CONFLICT (customer_id) DO UPDATE SET due_at = least(tier_due.due_at, excluded.due_at)
"""
CLAIM = """
    UPDATE tier_due d SET due_at = $2
    FROM (SELECT customer_id FROM tier_due WHERE due_at <= $1 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED) claimed
    WHERE d.customer_id = claimed.customer_id RETURNING d.customer_id
"""
# Events of a duplicate count for the customer that it is merged into.
SURVIVORS = """
    INSERT INTO tier_due (customer_id, due_at)
    SELECT DISTINCT merged_into, $2::timestamptz FROM customer
    WHERE customer_id = ANY($1) AND merged_into IS NOT NULL ORDER BY merged_into
    ON CONFLICT (customer_id) DO UPDATE SET due_at = least(tier_due.due_at, excluded.due_at)
"""
# A customer that was marked meanwhile has another due time, which is kept.
SETTLE = """
    UPDATE tier_due d SET due_at = s.due_at
    FROM unnest($1::uuid[], $2::timestamptz[]) AS s (customer_id, due_at)
    WHERE d.customer_id = s.customer_id AND d.due_at = $3
"""
TO_QUEUE = """
    SELECT name, passed_to FROM tier_scheme WHERE passed_to IS NOT NULL ORDER BY name LIMIT 1 FOR UPDATE SKIP LOCKED
"""
NEXT = "SELECT customer_id FROM customer WHERE customer_id > $1 ORDER BY customer_id LIMIT $2"
SAVE_PROGRESS = "UPDATE tier_scheme SET passed_to = $2 WHERE name = $1"


async def publish(held: Connection, scheme: TierSchemePublished) -> None:
    """Put a version in force; queue every customer if its rules are evaluated."""
    is_evaluated = is_rule_based(scheme)
    data = scheme.model_dump(mode="json")
    await held.execute(PUBLISH, scheme.name, scheme.number, is_evaluated, data, BEGINNING if is_evaluated else None)


def is_rule_based(scheme: TierSchemePublished) -> bool:
    """Whether the rules of the scheme are evaluated; otherwise tiers are set by hand only."""
    return scheme.decision is not TierDecision.BY_HAND


async def put_in_force(pool: Pool, now: datetime) -> None:
    """Put in force the waiting versions that are effective by now."""
    async with transaction(pool) as held:
        for version in await waiting.take(held, now):
            if isinstance(version, TierSchemePublished):
                await publish(held, version)


async def in_force(source: "Connection | Pool", now: datetime) -> list[TierSchemePublished]:
    return [TierSchemePublished.model_validate(row["data"]) for row in await source.fetch(IN_FORCE, now)]


async def mark(held: Connection, changed: Mapping[UUID, datetime]) -> None:
    """Queue these customers: inputs of the rules have changed."""
    if changed:
        ordered = sorted(changed.items())
        await held.execute(MARK, [each for each, _ in ordered], [at for _, at in ordered])


async def claim(pool: Pool, now: datetime, until: datetime, limit: int) -> list[UUID]:
    """Claim the customers that are due. No other process claims them before `until`."""
    return [row["customer_id"] for row in await pool.fetch(CLAIM, now, until, limit)]


async def mark_survivors(pool: Pool, claimed: Sequence[UUID], now: datetime) -> None:
    """Queue the customers that the claimed ones are merged into."""
    await pool.execute(SURVIVORS, claimed, now)


async def settle(pool: Pool, due: Mapping[UUID, datetime | None], until: datetime) -> None:
    """Set the next due time of each customer; None for never."""
    ordered: Sequence[tuple[UUID, datetime | None]] = sorted(due.items())
    await pool.execute(SETTLE, [each for each, _ in ordered], [at for _, at in ordered], until)


async def queue_next(pool: Pool, now: datetime, limit: int) -> int:
    """Queue the next customers for a scheme that was put in force; return how many."""
    async with transaction(pool) as held:
        row = await held.fetchrow(TO_QUEUE)
        if row is None:
            return 0
        found = [each["customer_id"] for each in await held.fetch(NEXT, row["passed_to"], limit)]
        await mark(held, dict.fromkeys(found, now))
        await held.execute(SAVE_PROGRESS, row["name"], found[-1] if len(found) == limit else None)
    return len(found)
