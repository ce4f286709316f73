"""Starts the customer service: `python -m services.customer [all|api|relay|projection|importer]`."""

import sys

from chassis.applier import Applier
from chassis.cli import main
from chassis.command_handler import CommandHandler
from chassis.event_store import EventStore
from chassis.imports import Imports
from chassis.imports_api import imports_router
from chassis.mapper import EventMapper
from chassis.pseudonym import Pseudonyms
from chassis.rebuild import ReadModel
from chassis.relay import Relay
from chassis.service import Parts, Service, Task
from chassis.tail import Tail
from chassis.web import create_app
from contracts.topics import CUSTOMER_EVENTS
from services.customer import projection
from services.customer.api import ROUTERS
from services.customer.commerce import Commerce
from services.customer.dependencies import Dependencies
from services.customer.domain import CUSTOMER
from services.customer.importing import CustomerImport
from services.customer.queries import CustomerQueries

NAME = "customer"
LISTING = "customer-list"


def build(parts: Parts) -> Service:
    """Put the service together; nothing runs yet."""
    key, health = parts.settings.pseudonym_key, parts.supervisor.health
    store, mapper = EventStore(parts.pool), EventMapper()
    customers, pseudonyms = CommandHandler(store, CUSTOMER, mapper), Pseudonyms(key)
    needs = Dependencies(
        pool=parts.pool,
        store=store,
        mapper=mapper,
        customers=customers,
        commerce=Commerce(store, mapper, customers, pseudonyms),
        queries=CustomerQueries(parts.pool),
        pseudonyms=pseudonyms,
    )
    imports = Imports(parts.pool, CustomerImport(needs, parts.settings.business_zone), health=health("importer"))
    listing = ReadModel(
        Applier(LISTING, parts.pool, projection.apply),
        projection.TABLES,
        lambda applier, health, shared: Tail(store, mapper, applier, health=health, shared=shared).run,
    )
    relay = Relay(
        store,
        parts.pool,
        CUSTOMER_EVENTS,
        bootstrap=parts.settings.kafka_bootstrap,
        health=health("relay"),
        idempotence=parts.settings.kafka_idempotence,
    )
    app = create_app(
        "Customer",
        [*ROUTERS, imports_router(imports)],
        authenticator=parts.authenticator,
        cursors=parts.cursors,
        supervisor=parts.supervisor,
        checks={"database": parts.database_fault, "issuer": parts.issuer_fault},
    )
    app.state.dependencies = needs
    tasks = [
        Task("relay", "relay", relay.run),
        Task("projection", LISTING, listing.follow(health(LISTING))),
        Task("importer", "importer", imports.run),
    ]
    return Service(NAME, app, tasks, [listing.applier], [listing])


if __name__ == "__main__":
    main(NAME, build, sys.argv[1:])
