"""Finds the customer of an import row: by its number or, without one, by its name."""

import asyncio
from datetime import datetime
from uuid import UUID

from cachetools import LRUCache

from chassis.commands.command import Context
from chassis.files.imports import RowProblemError
from chassis.files.row_cells import refuse_other_name
from chassis.files.table import FILE_SYSTEM
from chassis.store.pseudonym import Pseudonyms
from services.followup.queries.customers import Customers

LONGEST_WAIT_SECONDS = 10.0
POLL_SECONDS = 0.1
CACHED_ANSWERS = 10_000

# The import, and the system, the number and the name of the customer in its rows.
Reference = tuple[str, str, str, str]


class CustomerLookup:
    """Finds customers, each once per file. Waits for customers whose events have not arrived yet."""

    def __init__(self, customers: Customers, pseudonyms: Pseudonyms) -> None:
        self._customers = customers
        self._pseudonyms = pseudonyms
        self._answers: LRUCache[Reference, UUID | None] = LRUCache(CACHED_ANSWERS)

    async def resolve(self, system: str, number: str, name: str, context: Context) -> UUID:
        """Return the customer of a row. Raise RowProblemError for none or several, GoneError for an erased one."""
        reference = (context.correlation_id, system, number, name)
        if reference not in self._answers:
            known = await self._wait_for(system, number, name, context.now)
            if known:
                kept = await self._customers.require_kept(known)
                if number:
                    refuse_other_name(name, kept.name, "跟进客户")
            self._answers[reference] = known
        found = self._answers[reference]
        if found is None:
            raise RowProblemError(
                "跟进客户",
                "customer-unknown",
                "There is no such customer. Import the customers first.",
                "没有该客户，请先导入客户。",
            )
        return found

    async def _wait_for(self, system: str, number: str, name: str, imported_at: datetime) -> UUID | None:
        """Return the customer, or None once all customers recorded before `imported_at` have arrived."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + LONGEST_WAIT_SECONDS
        while True:
            # Read this before the look-up, which then sees every event up to it.
            complete = await self._customers.complete_until() > imported_at
            found = await self._look_up(system, number, name)
            if found or complete or loop.time() > give_up_at:
                return found
            await asyncio.sleep(POLL_SECONDS)

    async def _look_up(self, system: str, number: str, name: str) -> UUID | None:
        if not number:
            known = await self._customers.named(name)
            if len(known) > 1:
                raise RowProblemError(
                    "跟进客户",
                    "customer-ambiguous",
                    "Several customers have this name. Add the customer number.",
                    "有多个同名客户，请补充客户编号。",
                )
            if known:
                return known[0]
        derived = self._pseudonyms.customer(system if number else FILE_SYSTEM, number or name)
        found = await self._customers.survivor_of(derived)
        return found.customer_id if found else None
