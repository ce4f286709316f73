"""Events of duplicates count for the tier of the surviving customer until the merge is undone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from chassis.postgres.database import Pool
from contracts.customer import TierDecision, TierSchemePublished
from services.customer.shipped.tier_schemes import SHIPPED
from services.customer.tiers.facts import facts_of
from services.customer.tiers.rules import Facts
from tests.integration.customer.conftest import Api
from tests.integration.customer.test_merging import id_of, merge, release
from tests.integration.customer.test_tiers import MONEY, becomes, publish

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SCHEME: TierSchemePublished = SHIPPED["default"].model_copy(update={"decision": TierDecision.AT_ONCE})
CUSTOMER = """
    INSERT INTO customer (customer_id, version, kind, stage, stage_since, registered_at, tiers, key_contacts)
    VALUES ($1, 1, 'company', 'new', $2, $2, '{}', '{}')
"""
ORDER = """
    INSERT INTO customer_order (order_id, version, customer_id, amount_minor, currency, placed_at, state)
    VALUES (gen_random_uuid(), 1, $1, $2, $3, $4, $5)
"""
CONTRACT = """
    INSERT INTO contract (contract_id, version, customer_id, kind, signed_at, starts_on, amount_minor, currency,
        renewal_intent, renewals)
    VALUES (gen_random_uuid(), 1, $1, 'standard', $2, $3, 0, 'CNY', 'unknown', 0)
"""
TOUCH = "INSERT INTO interaction (interaction_id, customer_id, kind, at) VALUES (gen_random_uuid(), $1, $2, $3)"
LINK = "UPDATE customer SET merged_into = $2 WHERE customer_id = $1"


async def live(pool: Pool, random: Random, customer_id: UUID) -> None:
    """Give the customer a past of its own."""
    await pool.execute(CUSTOMER, customer_id, NOW)
    for _ in range(random.randrange(4)):
        currency, state = random.choice(["CNY", "CNY", "USD"]), random.choice(["placed", "delivered", "cancelled"])
        await pool.execute(ORDER, customer_id, random.randrange(1_000_000), currency, day(random), state)
    for _ in range(random.randrange(3)):
        at = day(random)
        await pool.execute(CONTRACT, customer_id, at, at.date())
    for _ in range(random.randrange(5)):
        await pool.execute(TOUCH, customer_id, random.choice(["contact", "complaint"]), day(random))


def day(random: Random) -> datetime:
    return NOW - timedelta(days=random.randrange(1, 900), minutes=random.randrange(600))


async def told(pool: Pool, ids: Sequence[UUID]) -> dict[UUID, Facts]:
    return {each.customer_id: each.facts for each in await facts_of(pool, ids, SCHEME, NOW, "Asia/Shanghai")}


def together(all_of_them: Sequence[Facts]) -> Facts:
    """Return what the first of them is told to be when the others are merged into it."""
    sums: dict[str, Any] = {
        name: sum(getattr(each, name) for each in all_of_them)
        for name in ("amount_minor", "orders", "lifetime_amount_minor", "lifetime_orders", "contacts", "complaints")
    }
    firsts: dict[str, Any] = {
        name: min(filter(None, (getattr(each, name) for each in all_of_them)), default=None)
        for name in ("since", "oldest_order_at", "oldest_interaction_at")
    }
    return replace(all_of_them[0], **sums, **firsts)


async def test_merging_adds_up_the_facts_and_unmerging_restores_them(pool: Pool) -> None:
    for seed in range(20):
        random = Random(seed)  # noqa: S311 - made up, and the same again for the same seed
        ids = [UUID(int=seed * 10 + number) for number in range(1, 5)]
        survivor, *duplicates = ids
        for each in ids:
            await live(pool, random, each)
        before = await told(pool, ids)
        for number, each in enumerate(duplicates, start=1):
            await pool.execute(LINK, each, survivor)
            merged = await told(pool, ids)
            assert merged[survivor] == together([before[one] for one in ids[: number + 1]])
            assert merged.keys() == {survivor, *duplicates[number:]}
        for each in duplicates:
            await pool.execute(LINK, each, None)
        assert await told(pool, ids) == before


async def test_a_merge_and_its_release_look_at_the_tier_again(api: Api) -> None:
    await publish(api)
    survivor, duplicate = await api.registered(), await api.registered()
    order = (await api.post(f"{duplicate}/orders", MONEY)).headers["location"]
    await becomes(api, duplicate, "gold")
    await becomes(api, survivor, "rest")
    assert (await merge(api, survivor, duplicate)).status_code == 200
    assert (await becomes(api, survivor, "gold"))["basis"]["inputs"]["amount"] == 1_000
    assert (await release(api, survivor, duplicate)).status_code == 200
    assert (await becomes(api, survivor, "rest"))["basis"]["inputs"]["amount"] == 0
    assert (await becomes(api, duplicate, "gold"))["basis"]["inputs"]["amount"] == 1_000
    await merge(api, survivor, duplicate)
    await becomes(api, survivor, "gold")
    # What becomes of the duplicate's order is the survivor's affair.
    await api.post(f"{order}/cancellation", {"reason": "paid-too-late"})
    await becomes(api, survivor, "rest")
    assert id_of(duplicate) in (await api.get(survivor)).json()["duplicate_ids"]
