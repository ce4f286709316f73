"""Reads the facts about customers that tier rules depend on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.postgres.database import Connection, Pool
from contracts.customer import TierSchemePublished
from services.customer.tiers.rules import Facts

# One statement, so that all values are from one snapshot. Events in the window occurred after $2.
# Events of duplicates count for the customer that they are merged into (ADR 0013).
FACTS = """
    SELECT c.customer_id, c.stage, c.potential, c.influence, c.tiers, c.held_tiers,
        coalesce(c.cooperation_since, least(o.first_on, k.first_on)) AS since,
        o.amount_minor, o.orders, o.lifetime_amount_minor, o.lifetime_orders, o.oldest_order_at,
        t.contacts, t.complaints, t.oldest_interaction_at, nps.score AS nps, csat.score AS csat
    FROM customer c
    CROSS JOIN LATERAL (
        SELECT ARRAY(SELECT customer_id FROM customer WHERE merged_into = c.customer_id) || c.customer_id AS ids
    ) own
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount_minor) FILTER (WHERE currency = $3 AND placed_at > $2), 0)::bigint AS amount_minor,
            count(*) FILTER (WHERE placed_at > $2) AS orders,
            coalesce(sum(amount_minor) FILTER (WHERE currency = $3), 0)::bigint AS lifetime_amount_minor,
            count(*) AS lifetime_orders,
            min(placed_at) FILTER (WHERE placed_at > $2) AS oldest_order_at,
            (min(placed_at) AT TIME ZONE $4)::date AS first_on
        FROM customer_order WHERE customer_id = ANY(own.ids) AND state <> 'cancelled'
    ) o
    CROSS JOIN LATERAL (SELECT min(starts_on) AS first_on FROM contract WHERE customer_id = ANY(own.ids)) k
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE kind = 'contact') AS contacts,
            count(*) FILTER (WHERE kind = 'complaint') AS complaints,
            min(at) AS oldest_interaction_at
        FROM interaction WHERE customer_id = ANY(own.ids) AND score IS NULL AND at > $2
    ) t
    LEFT JOIN LATERAL (
        SELECT score FROM interaction WHERE customer_id = ANY(own.ids) AND kind = 'nps'
        ORDER BY at DESC, interaction_id LIMIT 1
    ) nps ON true
    LEFT JOIN LATERAL (
        SELECT score FROM interaction WHERE customer_id = ANY(own.ids) AND kind = 'csat'
        ORDER BY at DESC, interaction_id LIMIT 1
    ) csat ON true
    WHERE c.customer_id = ANY($1) AND c.merged_into IS NULL
"""
FOLLOWING = """
    SELECT customer_id FROM customer WHERE merged_into IS NULL AND ($1::uuid IS NULL OR customer_id > $1)
    ORDER BY customer_id LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A customer with its present tier in one scheme, and its facts."""

    customer_id: UUID
    tier: str | None
    is_held: bool
    facts: Facts


async def facts_of(
    source: "Connection | Pool", customer_ids: Sequence[UUID], scheme: TierSchemePublished, now: datetime, zone: str
) -> list[Known]:
    """Return the facts that the scheme needs about these customers at `now`, in id order."""
    begins_at = now - timedelta(days=scheme.window_days)
    rows = await source.fetch(FACTS, list(customer_ids), begins_at, scheme.currency, zone)
    return sorted((known(row, scheme.name) for row in rows), key=lambda each: each.customer_id)


def known(row: Any, scheme: str) -> Known:
    values = dict(row)
    customer_id, tiers, held = values.pop("customer_id"), values.pop("tiers"), values.pop("held_tiers")
    return Known(customer_id, tiers.get(scheme), scheme in held, Facts(**values))


async def following(pool: Pool, after: UUID | None, limit: int) -> list[UUID]:
    """Return the next customers in id order."""
    return [row["customer_id"] for row in await pool.fetch(FOLLOWING, after, limit)]
