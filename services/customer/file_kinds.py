"""The kinds of files of this service, to import or to preview."""

from collections.abc import Awaitable, Callable
from functools import partial

from chassis.commands.command_handler import CommandHandler
from chassis.commands.item_limit import ItemLimit
from chassis.files.importer import Importer
from chassis.files.imports import Imports
from chassis.files.preview import Previews
from chassis.service import ServiceContext
from chassis.store.event_store import EventStore
from chassis.store.preview_store import PreviewStore
from chassis.versions.lookup import Versions
from services.customer import projection
from services.customer.commerce.recording import Commerce
from services.customer.dependencies import Dependencies
from services.customer.domain import CUSTOMER
from services.customer.domain.tier_scheme import TIER_SCHEME
from services.customer.imports.commerce import ContractImport, OrderImport
from services.customer.imports.customer_lookup import CustomerLookup
from services.customer.imports.customers import CustomerImport
from services.customer.queries.names import CompanyNames
from services.customer.registration import Registration


def imports(context: ServiceContext, needs: Dependencies) -> Imports:
    introduce = needs.employees.introduce
    kinds = importers(needs, needs.store, needs.registration, needs.commerce, introduce)
    return Imports(context.pool, kinds, health=context.supervisor.health("importer"))


def previews(needs: Dependencies) -> Previews:
    return Previews(partial(preview_importers, needs))


def preview_importers(needs: Dependencies) -> dict[str, Importer]:
    """Return importers on a store that keeps nothing, with caches of their own."""
    store = PreviewStore(needs.pool)
    customers = CommandHandler(store, CUSTOMER, needs.mapper)
    schemes = Versions(TIER_SCHEME, store, needs.mapper, needs.pseudonyms)
    registration = Registration(customers, schemes, needs.employees, needs.pseudonyms)
    limit = partial(ItemLimit, needs.pool, projection.CONSUMER)
    commerce = Commerce(store, needs.mapper, customers, needs.pseudonyms, limit)
    return importers(needs, store, registration, commerce, introduce_nobody)


async def introduce_nobody(_employee_id: str, _name: str) -> None:
    """Save no name: a preview keeps nothing."""


def importers(
    needs: Dependencies,
    store: EventStore,
    registration: Registration,
    commerce: Commerce,
    introduce: Callable[[str, str], Awaitable[None]],
) -> dict[str, Importer]:
    """Return the importer of each kind of file; the first kind is the default."""
    pseudonyms, zone = needs.pseudonyms, needs.zone.key
    lookup = CustomerLookup(registration, CompanyNames(needs.pool, store), pseudonyms)
    return {
        "customers": CustomerImport(registration, lookup, introduce, pseudonyms, zone),
        "orders": OrderImport(commerce, lookup, pseudonyms, zone),
        "contracts": ContractImport(commerce, lookup, pseudonyms, zone),
    }
