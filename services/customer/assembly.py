"""Assembles the dependencies of the routes."""

from functools import partial
from zoneinfo import ZoneInfo

from chassis.commands.command_handler import CommandHandler
from chassis.commands.item_limit import ItemLimit
from chassis.consume.parked_events import ParkedEvents
from chassis.http.export import Exports
from chassis.service import ServiceContext
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.store.pseudonym import Pseudonyms
from chassis.versions.lookup import Versions
from services.customer import projection
from services.customer.commerce.recording import Commerce
from services.customer.dependencies import Dependencies
from services.customer.domain import CUSTOMER
from services.customer.domain.employee import EMPLOYEE
from services.customer.domain.handover import HANDOVER
from services.customer.domain.handover_batch import HANDOVER_BATCH
from services.customer.domain.segments import SEGMENT
from services.customer.domain.tags import TAG_VOCABULARY
from services.customer.domain.tier_scheme import TIER_SCHEME
from services.customer.employees import Employees
from services.customer.erasure.execution import ErasureHandler
from services.customer.handovers.checklists import Checklists
from services.customer.inbound import receiver
from services.customer.queries import CustomerQueries
from services.customer.queries.handovers import HandoverQueries
from services.customer.registration import Registration
from services.customer.search.index import Search

NAME = "customer"


def dependencies(context: ServiceContext) -> Dependencies:
    zone, pool = context.settings.business_zone, context.pool
    store, mapper, pseudonyms = EventStore(pool), EventMapper(), Pseudonyms(context.settings.pseudonym_key)
    customers = CommandHandler(store, CUSTOMER, mapper)
    tier_schemes = Versions(TIER_SCHEME, store, mapper, pseudonyms)
    employees = Employees(pool)
    return Dependencies(
        pool=pool,
        zone=ZoneInfo(zone),
        store=store,
        mapper=mapper,
        customers=customers,
        registration=Registration(customers, tier_schemes, employees, pseudonyms),
        commerce=Commerce(store, mapper, customers, pseudonyms, partial(ItemLimit, pool, projection.CONSUMER)),
        handovers=CommandHandler(store, HANDOVER, mapper),
        checklists=Checklists(pool, zone),
        handover_batches=CommandHandler(store, HANDOVER_BATCH, mapper),
        vocabulary=Versions(TAG_VOCABULARY, store, mapper, pseudonyms),
        segments=Versions(SEGMENT, store, mapper, pseudonyms),
        tier_schemes=tier_schemes,
        queries=CustomerQueries(pool, Search(pool, pseudonyms)),
        employees=employees,
        employments=CommandHandler(store, EMPLOYEE, mapper),
        handover_queries=HandoverQueries(pool),
        pseudonyms=pseudonyms,
        erasure=ErasureHandler(pool, mapper, ParkedEvents(receiver.CONSUMER), pseudonyms),
        exports=Exports(NAME, mapper, pool),
    )
