"""The customer service under the standard load, and the check of all invariants after it."""

from collections.abc import Callable, Sequence

import httpx

from tests.faults.support import evidence, oracle
from tests.faults.support.deployment import ALL_LISTED, ALL_PUBLISHED, Deployment, pool_at, wait_until_true
from tests.faults.support.ledger import Attempt, Ledger
from tests.faults.support.load import Load, Mix, sender
from tests.support.servers import Database


async def verdict(deployment: Deployment, database: Database, attempts: Sequence[Attempt]) -> list[oracle.Published]:
    """Wait until all events are published and projected, check every invariant, and return the topic."""
    async with pool_at(database.app) as pool:
        await wait_until_true(pool, ALL_PUBLISHED, ALL_LISTED)
        stored = await evidence.stored(pool)
        topic = await evidence.published(deployment.bootstrap, deployment.topic)
        oracle.hold(
            oracle.acknowledged_is_stored_once(attempts, stored),
            oracle.refused_has_no_effect(attempts, stored),
            oracle.store_is_in_order(stored),
            oracle.same_rows("customer", evidence.folded_list(stored), await evidence.customer_list(pool)),
            oracle.topic_is_complete(stored, topic),
        )
        return topic


async def under_load(deployment: Deployment, ledger: Ledger, mix: Mix, base: Callable[[], str]) -> None:
    """Send `mix` to the address that `base` returns."""
    async with httpx.AsyncClient(headers=deployment.issuer.headers(), trust_env=False) as client:
        load = Load(sender(client, base), ledger, mix)
        await load.register()
        await load.run()
