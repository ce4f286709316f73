"""The customer service whole: put under the standard load, and judged by every invariant when all is quiet."""

from collections.abc import Callable, Sequence

import httpx

from tests.faults.support import evidence, oracle
from tests.faults.support.house import ALL_LISTED, ALL_PUBLISHED, House, pool_at, quiet
from tests.faults.support.ledger import Attempt, Ledger
from tests.faults.support.load import Load, Mix, sender
from tests.support.servers import Database


async def verdict(house: House, database: Database, attempts: Sequence[Attempt]) -> list[oracle.Published]:
    """Wait until all is published and listed, and hold every invariant; returns the topic."""
    async with pool_at(database.app) as pool:
        await quiet(pool, ALL_PUBLISHED, ALL_LISTED)
        stored = await evidence.stored(pool)
        topic = await evidence.published(house.bootstrap, house.topic)
        oracle.hold(
            oracle.acknowledged_is_stored_once(attempts, stored),
            oracle.refused_has_no_effect(attempts, stored),
            oracle.store_is_in_order(stored),
            oracle.same_rows("customer", evidence.folded_list(stored), await evidence.customer_list(pool)),
            oracle.topic_is_complete(stored, topic),
        )
        return topic


async def under_load(house: House, ledger: Ledger, mix: Mix, base: Callable[[], str]) -> None:
    """Send `mix` to whoever `base` names."""
    async with httpx.AsyncClient(headers=house.issuer.headers(), trust_env=False) as client:
        load = Load(sender(client, base), ledger, mix)
        await load.register()
        await load.run()
