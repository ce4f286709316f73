"""Starts the customer service: `python -m services.customer [all|api|relay|consumer|projection|importer|timers]`."""

import sys

from chassis.cli import main
from chassis.commands.command_handler import CommandHandler
from chassis.consume.applier import Applier
from chassis.consume.consumer import Consumer
from chassis.consume.inbound import InboundConsumer
from chassis.consume.local_feed import LocalFeed
from chassis.consume.parked_events import ParkedEvents
from chassis.consume.rebuild import ReadModel
from chassis.consume.timers import Timers
from chassis.files.imports import Importer, Imports
from chassis.files.imports_api import imports_router
from chassis.http.export import Exports
from chassis.http.web import create_app
from chassis.publish.relay import Relay
from chassis.service import Parts, Service, Task
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.store.pseudonym import Pseudonyms
from contracts.erasure_answers import CONFIRMATIONS, ErasureConfirmed
from contracts.inbound import INBOUND, AnyInbound
from contracts.topics import CUSTOMER_EVENTS, CUSTOMER_INBOUND, ERASURE_ANSWERS, FOLLOWUP_EVENTS
from services.customer import projection
from services.customer.api import ROUTERS
from services.customer.commerce.recording import Commerce
from services.customer.dates.important_dates import Approaching
from services.customer.dependencies import Dependencies
from services.customer.domain import CUSTOMER
from services.customer.domain.handover import HANDOVER
from services.customer.domain.handover_batch import HANDOVER_BATCH
from services.customer.domain.important_date import IMPORTANT_DATE
from services.customer.domain.segments import SEGMENT
from services.customer.domain.tags import TAG_VOCABULARY
from services.customer.erasure import execution
from services.customer.erasure.execution import Erasing
from services.customer.handovers.batches import HandoverBatches
from services.customer.handovers.checklists import Checklists
from services.customer.imports.commerce import ContractImport, OrderImport
from services.customer.imports.customers import CustomerImport
from services.customer.inbound import facts as inbound_facts
from services.customer.inbound.facts import InboundFacts
from services.customer.merging.duplicates import Duplicates
from services.customer.projection import from_followup, open_items
from services.customer.queries import CustomerQueries
from services.customer.queries.handovers import HandoverQueries
from services.customer.schema import SCHEMA
from services.customer.search.index import Search
from services.customer.tiers.runner import Tiering
from services.customer.tiers.schemes import TierSchemes

NAME = "customer"
LISTING = "customer-list"
# What followup tells is read by nobody who waits for it.
GATHER_SECONDS = 0.25


def build(parts: Parts) -> Service:
    """Put the service together; nothing runs yet."""
    settings, health = parts.settings, parts.supervisor.health
    needs = dependencies(parts)
    imports = Imports(parts.pool, importers(needs, settings.business_zone), health=health("importer"))
    listing, open_at_followup = models = read_models(parts, needs)
    tiering = Tiering(parts.pool, needs.customers, settings.business_zone)
    relay = Relay(
        needs.store,
        parts.pool,
        CUSTOMER_EVENTS,
        bootstrap=settings.kafka_bootstrap,
        health=health("relay"),
        idempotence=settings.kafka_idempotence,
    )
    told, confirmed = inbounds(parts, needs)
    app = create_app(
        "Customer",
        [*ROUTERS, imports_router(imports)],
        authenticator=parts.authenticator,
        cursors=parts.cursors,
        supervisor=parts.supervisor,
        checks={"database": parts.database_fault, "store": needs.store.fault, "issuer": parts.issuer_fault},
    )
    app.state.dependencies = needs
    tasks = [
        Task("relay", "relay", relay.run),
        Task("projection", LISTING, listing.follow(health(LISTING))),
        Task("consumer", open_items.CONSUMER, open_at_followup.follow(health(open_items.CONSUMER))),
        Task("consumer", told.name, told.run),
        Task("consumer", confirmed.name, confirmed.run),
        Task("importer", "importer", imports.run),
        Task("timers", "tiers", Timers(tiering.run_due, health=health("tiers")).run),
        Task("timers", "handovers", Timers(HandoverBatches(needs).run_due, health=health("handovers")).run),
        Task("timers", "dates", Timers(approaching(parts, needs).run_due, health=health("dates")).run),
        Task("timers", "duplicates", Timers(Duplicates(parts.pool).run_due, health=health("duplicates")).run),
        Task("timers", "erasure", Timers(needs.erasing.run_due, health=health("erasure")).run),
    ]
    return Service(NAME, app, tasks, [*(model.applier for model in models), told, confirmed], models)


def inbounds(
    parts: Parts, needs: Dependencies
) -> tuple[InboundConsumer[AnyInbound], InboundConsumer[ErasureConfirmed]]:
    """Return what takes in what other systems tell, and what takes in answers to erasures."""
    bootstrap, health, told = parts.settings.kafka_bootstrap, parts.supervisor.health, InboundFacts(needs)
    facts: InboundConsumer[AnyInbound] = InboundConsumer(
        inbound_facts.CONSUMER,
        [CUSTOMER_INBOUND],
        parts.pool,
        INBOUND,
        told.take,
        told.customer_of,
        bootstrap=bootstrap,
        health=health(inbound_facts.CONSUMER),
    )
    answers: InboundConsumer[ErasureConfirmed] = InboundConsumer(
        execution.CONFIRMED,
        ERASURE_ANSWERS,
        parts.pool,
        CONFIRMATIONS,
        needs.erasing.confirmed,
        lambda answer: answer.customer_id,
        bootstrap=bootstrap,
        health=health(execution.CONFIRMED),
    )
    return facts, answers


def approaching(parts: Parts, needs: Dependencies) -> Approaching:
    handler = CommandHandler(needs.store, IMPORTANT_DATE, needs.mapper)
    return Approaching(parts.pool, handler, needs.pseudonyms, parts.settings.business_zone)


def importers(needs: Dependencies, zone: str) -> dict[str, Importer]:
    """Return what takes in each kind of file; customers are meant where none is named."""
    return {
        "customers": CustomerImport(needs, zone),
        "orders": OrderImport(needs, zone),
        "contracts": ContractImport(needs, zone),
    }


def dependencies(parts: Parts) -> Dependencies:
    store, mapper, pseudonyms = EventStore(parts.pool), EventMapper(), Pseudonyms(parts.settings.pseudonym_key)
    customers = CommandHandler(store, CUSTOMER, mapper)
    return Dependencies(
        pool=parts.pool,
        store=store,
        mapper=mapper,
        customers=customers,
        commerce=Commerce(store, mapper, customers, pseudonyms),
        handovers=CommandHandler(store, HANDOVER, mapper),
        checklists=Checklists(parts.pool, parts.settings.business_zone),
        handover_batches=CommandHandler(store, HANDOVER_BATCH, mapper),
        vocabulary=CommandHandler(store, TAG_VOCABULARY, mapper),
        segments=CommandHandler(store, SEGMENT, mapper),
        tier_schemes=TierSchemes(store, mapper, pseudonyms, parts.settings.business_zone),
        queries=CustomerQueries(parts.pool, Search(parts.pool, pseudonyms)),
        handover_queries=HandoverQueries(parts.pool),
        pseudonyms=pseudonyms,
        erasing=Erasing(parts.pool, mapper, ParkedEvents(inbound_facts.CONSUMER)),
        exports=Exports(NAME, mapper, parts.pool),
    )


def read_models(parts: Parts, needs: Dependencies) -> tuple[ReadModel, ReadModel]:
    """Return the lists, fed by our own store, and what followup tells of, fed by its topic."""
    bootstrap = parts.settings.kafka_bootstrap
    listing = ReadModel(
        Applier(LISTING, parts.pool, projection.applying(needs.pseudonyms)),
        projection.TABLES,
        lambda applier, health, shared: LocalFeed(needs.store, needs.mapper, applier, health=health, shared=shared).run,
    )
    open_at_followup = ReadModel(
        Applier(open_items.CONSUMER, parts.pool, from_followup.apply),
        from_followup.TABLES,
        lambda applier, health, shared: (
            Consumer(
                applier,
                [FOLLOWUP_EVENTS],
                bootstrap=bootstrap,
                health=health,
                shared=shared,
                gather_seconds=GATHER_SECONDS,
            ).run
        ),
    )
    return listing, open_at_followup


if __name__ == "__main__":
    main(NAME, SCHEMA, build, sys.argv[1:])
