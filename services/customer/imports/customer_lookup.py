"""Finds the customer of an imported row: by its number in the system of the file or, without one, by its name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from cachetools import LRUCache

from chassis.commands.command import Context
from chassis.files.importer import RowProblemError
from chassis.files.row_cells import system_of
from chassis.files.table import FILE_SYSTEM, Row
from chassis.rules.comparison import name_key
from chassis.store.pseudonym import Pseudonyms
from services.customer.domain.record import NAME_DIFFERS
from services.customer.queries.names import CompanyNames
from services.customer.registration import Registration

CACHED_NAMES = 10_000
CACHED_IMPORTS = 100

# The import, and the key of a name in its rows.
NameInFile = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Named:
    """A company with a name. If it was merged, `present_id` is the one that it was merged into."""

    present_id: UUID
    own_id: UUID


class CustomerLookup:
    """Finds customers. What rows of the same file registered is known before the list of customers holds it."""

    def __init__(self, registration: Registration, names: CompanyNames, pseudonyms: Pseudonyms) -> None:
        self._registration = registration
        self._pseudonyms = pseudonyms
        self._names = names
        self._level: LRUCache[str, bool] = LRUCache(CACHED_IMPORTS)
        self._registered: LRUCache[NameInFile, frozenset[UUID]] = LRUCache(CACHED_NAMES)

    async def prepare(self, rows: Sequence[Row], field: str, import_id: str, *, was_elsewhere: bool) -> None:
        """Read the customers whose numbers are in a field of the rows."""
        if was_elsewhere:
            self._level.pop(import_id, None)
        await self._registration.refresh((system_of(row.cells), row.cells[field]) for row in rows if row.cells[field])

    async def numbered(self, system: str, number: str, name: str, column: str) -> UUID | None:
        """Return the customer with this number, or None; raise RowProblemError if it never had this name."""
        found = await self._registration.known_recently_as(system, number)
        if found and name and not await self._registration.has_name(system, number, name):
            raise RowProblemError(
                column,
                NAME_DIFFERS,
                "This number belongs to a company of another name. Correct the number or the name.",
                "该编号属于另一名称的公司。请更正编号或名称。",
            )
        return found

    async def named(self, name: str, column: str, context: Context) -> Named | None:
        """Return the one company with this name, or None; raise RowProblemError if several have it."""
        await self._level_with(context)
        # The list of customers may not show a merge yet.
        listed = await self._names.named(name)
        addressed = {await self._registration.current_id(each.present_id): each.customer_id for each in listed}
        # A company that was registered by a file without numbers, under a name that it may have lost since.
        if former := await self._registration.known_as(FILE_SYSTEM, name):
            addressed.setdefault(former, self._pseudonyms.customer(FILE_SYSTEM, name))
        for registered in self._registered.get((context.correlation_id, name_key(name)), ()):
            addressed.setdefault(await self._registration.current_id(registered), registered)
        if len(addressed) > 1:
            raise ambiguous(addressed, column)
        return next((Named(present_id, own_id) for present_id, own_id in addressed.items()), None)

    async def unnumbered(self, name: str, context: Context) -> UUID | None:
        """Return the company with this name if it is the only one, and has no number in any system."""
        await self._level_with(context)
        found = await self._names.named(name)
        is_new = not self._registered.get((context.correlation_id, name_key(name)))
        return found[0].present_id if len(found) == 1 and found[0].is_unnumbered and is_new else None

    def remember(self, name: str, customer_id: UUID, context: Context) -> None:
        """Keep the customer of a row for the other rows of the file."""
        place = (context.correlation_id, name_key(name))
        self._registered[place] = self._registered.get(place, frozenset()) | {customer_id}

    async def _level_with(self, context: Context) -> None:
        """Wait until the list of customers holds what was recorded before: once, and after turns of other processes."""
        if context.correlation_id not in self._level:
            await self._names.catch_up()
            self._level[context.correlation_id] = True


def ambiguous(customer_ids: Iterable[UUID], column: str) -> RowProblemError:
    listed = ", ".join(sorted(map(str, customer_ids)))
    return RowProblemError(
        column,
        "customer-ambiguous",
        f"Several customers have this name: {listed}. Fill in the customer number.",
        f"有多个同名客户：{listed}。请填写客户编号。",
    )
