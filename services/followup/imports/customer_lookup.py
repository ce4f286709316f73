"""Finds the customer of an import row: by its number or, without one, by its name."""

import asyncio
from datetime import datetime
from uuid import UUID

from cachetools import LRUCache

from chassis.commands.command import Context
from chassis.files.importer import RowProblemError
from chassis.files.table import FILE_SYSTEM
from chassis.store.pseudonym import Pseudonyms
from services.followup.queries.customers import Customers

LONGEST_WAIT_SECONDS = 10.0
POLL_SECONDS = 0.1
CACHED_ANSWERS = 10_000

# The import, and the system, number and name of the customer in its rows.
Reference = tuple[str, str, str, str]


class CustomerLookup:
    """Finds customers, each once per file. Waits for customers whose events have not arrived yet."""

    def __init__(self, customers: Customers, pseudonyms: Pseudonyms) -> None:
        self._customers = customers
        self._pseudonyms = pseudonyms
        self._answers: LRUCache[Reference, UUID | None] = LRUCache(CACHED_ANSWERS)

    async def resolve(self, system: str, number: str, name: str, context: Context) -> UUID:
        """Return the customer of a row, by its number in a system or else by its name.

        Raise RowProblemError for none or several, GoneError for an erased one.
        """
        reference = (context.correlation_id, system, number, name)
        if reference not in self._answers:
            self._answers[reference] = await self._wait_for(system, number, name, context.now)
        found = self._answers[reference]
        if found is None:
            raise RowProblemError(
                "跟进客户",
                "customer-unknown",
                "There is no such customer. Import the customers first.",
                "没有该客户，请先导入客户。",
            )
        return await self._present(found)

    async def _present(self, customer_id: UUID) -> UUID:
        """Return the customer, or the one that it was merged into. Raises GoneError: it may have been erased since."""
        present = await self._customers.survivor_of(customer_id)
        return (await self._customers.require_kept(present.customer_id if present else customer_id)).customer_id

    async def _wait_for(self, system: str, number: str, name: str, imported_at: datetime) -> UUID | None:
        """Return the customer, or None once all customers recorded before `imported_at` have arrived."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + LONGEST_WAIT_SECONDS
        while True:
            # Read this before the look-up, which then sees every event up to it.
            complete = await self._customers.complete_until() > imported_at
            found = await self._look_up(system, number, name)
            # A duplicate may arrive before the customer that it was merged into.
            if found and not await self._customers.survivor_of(found):
                found = None
            if found or complete or loop.time() > give_up_at:
                return found
            await asyncio.sleep(POLL_SECONDS)

    async def _look_up(self, system: str, number: str, name: str) -> UUID | None:
        if number:
            return await self._numbered(system, number, name)
        known = set(await self._customers.named(name))
        # A company that was registered by a file without numbers, under a name that it may have lost since.
        former = await self._customers.survivor_of(self._pseudonyms.customer(FILE_SYSTEM, name))
        known |= {former.customer_id} if former else set()
        if len(known) > 1:
            listed = ", ".join(sorted(map(str, known)))
            raise RowProblemError(
                "跟进客户",
                "customer-ambiguous",
                f"Several customers have this name: {listed}. Fill in the customer number.",
                f"有多个同名客户：{listed}。请填写客户编号。",
            )
        return next(iter(known), None)

    async def _numbered(self, system: str, number: str, name: str) -> UUID | None:
        derived = self._pseudonyms.customer(system, number)
        found = await self._customers.survivor_of(derived)
        if found and name and not await self._customers.has_name(derived, name):
            raise RowProblemError(
                "跟进客户",
                "name-differs",
                "This number belongs to a company of another name. Correct the number or the name.",
                "该编号属于另一名称的公司。请更正编号或名称。",
            )
        return found.customer_id if found else None
