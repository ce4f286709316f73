"""Looks up customers of the customer service, for access rules and for imports."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from chassis.commands.decider import MovedError
from chassis.commands.holders import Holders
from chassis.commands.problem import ProblemError
from chassis.consume.positions import NEVER
from chassis.postgres.database import Pool
from chassis.rules.comparison import is_name_of, name_key
from contracts.topics import CUSTOMER_EVENTS
from services.followup.domain.customer_ref import CustomerRef, erased
from services.followup.projection.customers import CONSUMER

CUSTOMER_WAIT_SECONDS = 2.0
POLL_SECONDS = 0.05
MAX_NAMED = 5

COLUMNS = """
    customer_id, kind, name, owner_id, leader_id, stage, tiers, helper_ids, is_erased, merged_into, name_keys,
    key_contact_ids
"""
ONE = f"SELECT {COLUMNS} FROM customer_ref WHERE customer_id = $1"  # noqa: S608
# A duplicate's name leads to the customer that it was merged into.
NAMED = """
    SELECT DISTINCT coalesce(merged_into, customer_id) AS id FROM customer_ref
    WHERE name_keys[1] = $1 AND name_keys <> '{}' ORDER BY id LIMIT $2
"""
DUPLICATES = "SELECT customer_id FROM customer_ref WHERE merged_into = $1 ORDER BY customer_id"
KNOWS_KEY_CONTACT = """
    SELECT bool_or(key_contact_ids IS NULL OR $2 = ANY(key_contact_ids)) FROM customer_ref
    WHERE customer_id = $1 OR merged_into = $1
"""
WATERMARK = """
    SELECT min(watermark) FROM consumer_position WHERE consumer = $1 AND topic = $2 HAVING count(*) = $3
"""


class Customers:
    """Looks up customers. A new customer arrives some milliseconds after its registration."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, customer_id: UUID) -> CustomerRef | None:
        row = await self._pool.fetchrow(ONE, customer_id)
        return CustomerRef(**row) if row else None

    async def survivor_of(self, customer_id: UUID) -> CustomerRef | None:
        """Return the customer, or the one that it was merged into."""
        found = await self.find(customer_id)
        return await self.find(found.merged_into) if found and found.merged_into else found

    async def ids_of(self, customer_id: UUID) -> list[UUID]:
        """Return the ids of the customer and of its duplicates: events may be recorded under each."""
        rows = await self._pool.fetch(DUPLICATES, customer_id)
        return [customer_id, *(row["customer_id"] for row in rows)]

    async def require(self, customer_id: UUID) -> CustomerRef:
        """Return the customer, after a short wait for a new one; raise the 404 problem if it does not arrive.

        Raise MovedError for one that was merged into another.
        """
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + CUSTOMER_WAIT_SECONDS
        while (found := await self.find(customer_id)) is None:
            if loop.time() > give_up_at:
                raise ProblemError(
                    "not-found", f"There is no customer {customer_id}.", f"没有编号为 {customer_id} 的客户。"
                )
            await asyncio.sleep(POLL_SECONDS)
        if found.merged_into:
            raise MovedError(found.merged_into)
        return found

    async def require_kept(self, customer_id: UUID) -> CustomerRef:
        """Return the customer like `require`; raise GoneError for one that was erased."""
        found = await self.require(customer_id)
        if found.is_erased:
            raise erased()
        return found

    async def require_key_contact(self, customer_id: UUID, key_contact_id: UUID | None) -> None:
        """Wait a short time for a new key contact; raise the 422 problem if the customer does not have it."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + CUSTOMER_WAIT_SECONDS
        while key_contact_id and not await self._pool.fetchval(KNOWS_KEY_CONTACT, customer_id, key_contact_id):
            if loop.time() > give_up_at:
                detail, detail_zh = "This customer has no such key contact.", "该客户没有这位关键联系人。"
                place = {"pointer": "/key_contact_id", "rule": "key-contact-unknown"}
                errors = [place | {"detail": detail, "detail_zh": detail_zh}]
                raise ProblemError("validation-failed", detail, detail_zh, errors=errors)
            await asyncio.sleep(POLL_SECONDS)

    async def holders(self, customer_id: UUID) -> Holders:
        """Return owner, leader and helpers of the customer; nobody until the first event arrives."""
        found = await self.survivor_of(customer_id)
        return found.holders if found else Holders()

    async def named(self, name: str) -> list[UUID]:
        """Return companies with this name, in any spelling of it; MAX_NAMED are enough to name in a refusal."""
        return [row["id"] for row in await self._pool.fetch(NAMED, name_key(name), MAX_NAMED)]

    async def has_name(self, customer_id: UUID, name: str) -> bool:
        """Whether a company, or the one that it was merged into, has or had this name. Persons are not compared."""
        known = [found for found in (await self.find(customer_id), await self.survivor_of(customer_id)) if found]
        keys = [key for found in known for key in found.name_keys]
        return not keys or is_name_of(keys, name)

    async def complete_until(self) -> datetime:
        """Return the instant before which no customer event is missing here."""
        watermark = await self._pool.fetchval(WATERMARK, CONSUMER, CUSTOMER_EVENTS.name, CUSTOMER_EVENTS.partitions)
        # The driver returns '-infinity' as a datetime without a zone.
        return watermark.replace(tzinfo=UTC) if watermark else NEVER
