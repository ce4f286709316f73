"""Starts the followup service: `python -m services.followup [all|api|relay|consumer|projection|policy|timers|…]`."""

import sys
from collections.abc import Sequence
from typing import Any

from chassis.applier import Applier
from chassis.cli import main
from chassis.command_handler import CommandHandler
from chassis.consumer import Consumer
from chassis.database import Connection
from chassis.event_store import EventStore
from chassis.imports import Imports
from chassis.imports_api import imports_router
from chassis.mapper import EventMapper
from chassis.pseudonym import Pseudonyms
from chassis.rebuild import ReadModel
from chassis.relay import Relay
from chassis.service import Parts, Service, Task
from chassis.tail import Tail
from chassis.timers import Timers
from chassis.web import create_app
from contracts.event import Envelope
from contracts.topics import CUSTOMER_EVENTS, FOLLOWUP_EVENTS
from services.followup import customers, handing_over, projection
from services.followup.api import ROUTERS
from services.followup.calendar.calendars import Calendars
from services.followup.consent import Consents
from services.followup.customers import Customers
from services.followup.dependencies import Dependencies
from services.followup.domain.calendar import CALENDAR
from services.followup.domain.complaint import COMPLAINT
from services.followup.domain.complaint_repeats import REPEATS
from services.followup.domain.contact import CONTACT
from services.followup.domain.contact_form import CONTACT_FORM
from services.followup.domain.plan import PLAN
from services.followup.domain.plan_template import PLAN_TEMPLATE
from services.followup.domain.task import TASK
from services.followup.importing import FollowupImport
from services.followup.myday import Days
from services.followup.planning import runner
from services.followup.planning.runner import Planning
from services.followup.queries import FollowupQueries
from services.followup.repromising import Repromising

NAME = "followup"
LISTING = "followup-list"


def build(parts: Parts) -> Service:
    """Put the service together; nothing runs yet."""
    settings, health = parts.settings, parts.supervisor.health
    needs = dependencies(parts)
    imports = Imports(
        parts.pool, {"followups": FollowupImport(needs, settings.business_zone)}, health=health("importer")
    )
    knowing = ReadModel(
        Applier(customers.CONSUMER, parts.pool, customers.apply),
        customers.TABLES,
        lambda applier, health, shared: (
            Consumer(applier, [CUSTOMER_EVENTS], bootstrap=settings.kafka_bootstrap, health=health, shared=shared).run
        ),
    )
    listing = ReadModel(
        Applier(LISTING, parts.pool, projection.apply),
        projection.TABLES,
        lambda applier, health, shared: Tail(needs.store, needs.mapper, applier, health=health, shared=shared).run,
    )
    hearing, own, policy = planning(parts, needs)
    relay = Relay(
        needs.store,
        parts.pool,
        FOLLOWUP_EVENTS,
        bootstrap=settings.kafka_bootstrap,
        health=health("relay"),
        idempotence=settings.kafka_idempotence,
    )
    app = create_app(
        "Followup",
        [*ROUTERS, imports_router(imports)],
        authenticator=parts.authenticator,
        cursors=parts.cursors,
        supervisor=parts.supervisor,
        checks={"database": parts.database_fault, "store": needs.store.fault, "issuer": parts.issuer_fault},
    )
    app.state.dependencies = needs
    tasks = [
        Task("relay", "relay", relay.run),
        Task("consumer", customers.CONSUMER, knowing.follow(health(customers.CONSUMER))),
        Task("projection", LISTING, listing.follow(health(LISTING))),
        Task("importer", "importer", imports.run),
        *complaint_timers(parts, needs),
        *policy,
    ]
    return Service(NAME, app, tasks, [knowing.applier, listing.applier, hearing, own], [knowing, listing])


def complaint_timers(parts: Parts, needs: Dependencies) -> list[Task]:
    health = parts.supervisor.health
    consents = Consents(parts.pool, needs.complaints)
    repromising = Repromising(parts.pool, needs.complaints, needs.calendars)
    return [
        Task("timers", "consent", Timers(consents.run_due, health=health("consent")).run),
        Task("timers", "repromising", Timers(repromising.run_due, health=health("repromising")).run),
    ]


def planning(parts: Parts, needs: Dependencies) -> tuple[Applier, Applier, list[Task]]:
    """Return what carries plans out and hands over: what hears of customers, of our own facts, and what runs them."""
    settings, health = parts.settings, parts.supervisor.health
    made = Planning(needs, parts.pool, settings.business_zone)

    async def heard(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        await handing_over.heard(envelopes, needs)
        await made.heard(envelopes, held)

    hearing = Applier(runner.CONSUMER, parts.pool, heard)
    own = Applier(runner.OWN_FACTS, parts.pool, made.heard)
    news = Consumer(hearing, [CUSTOMER_EVENTS], bootstrap=settings.kafka_bootstrap, health=health(runner.CONSUMER))
    own_news = Tail(needs.store, needs.mapper, own, health=health(runner.OWN_FACTS))
    tasks = [
        Task("consumer", runner.CONSUMER, news.run),
        Task("policy", runner.OWN_FACTS, own_news.run),
        Task("timers", "plans", Timers(made.run_due, health=health("plans")).run),
    ]
    return hearing, own, tasks


def dependencies(parts: Parts) -> Dependencies:
    pseudonyms = Pseudonyms(parts.settings.pseudonym_key)
    store, mapper = EventStore(parts.pool), EventMapper()
    return Dependencies(
        store=store,
        mapper=mapper,
        contacts=CommandHandler(store, CONTACT, mapper),
        tasks=CommandHandler(store, TASK, mapper),
        complaints=CommandHandler(store, COMPLAINT, mapper),
        contact_forms=CommandHandler(store, CONTACT_FORM, mapper),
        plans=CommandHandler(store, PLAN, mapper),
        plan_templates=CommandHandler(store, PLAN_TEMPLATE, mapper),
        calendar_rules=CommandHandler(store, CALENDAR, mapper),
        calendars=Calendars(store, mapper, pseudonyms),
        complaint_repeats=CommandHandler(store, REPEATS, mapper),
        customers=Customers(parts.pool),
        queries=FollowupQueries(parts.pool),
        days=Days(parts.pool, parts.settings.business_zone),
        pseudonyms=pseudonyms,
    )


if __name__ == "__main__":
    main(NAME, build, sys.argv[1:])
