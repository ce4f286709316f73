"""Starts the followup service: `python -m services.followup [all|api|relay|consumer|projection|policy|timers|…]`."""

import sys

from chassis.cli import main
from chassis.commands.command_handler import CommandHandler
from chassis.consume.applier import Applier
from chassis.consume.consumer import Consumer
from chassis.consume.local_feed import LocalFeed
from chassis.consume.rebuild import ReadModel
from chassis.files.imports import Imports
from chassis.files.imports_api import imports_router
from chassis.http.export import Exports
from chassis.http.web import create_app
from chassis.publish.relay import Relay
from chassis.service import Parts, Service, Task
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.store.pseudonym import Pseudonyms
from contracts.topics import CUSTOMER_EVENTS, FOLLOWUP_EVENTS
from services.followup.absences.due_work import FallingDue
from services.followup.api import ROUTERS
from services.followup.calendars.lookup import Calendars
from services.followup.complaints.policies import ComplaintPolicies
from services.followup.dependencies import Dependencies
from services.followup.domain.absence import ABSENCES
from services.followup.domain.calendar import CALENDAR
from services.followup.domain.complaint import COMPLAINT
from services.followup.domain.complaint_policy import COMPLAINT_POLICY
from services.followup.domain.complaint_repeats import REPEATS
from services.followup.domain.contact import CONTACT
from services.followup.domain.contact_form import CONTACT_FORM
from services.followup.domain.guard import GUARDS
from services.followup.domain.plan import PLAN
from services.followup.domain.plan_template import PLAN_TEMPLATE
from services.followup.domain.survey import ANONYMOUS_ANSWER, SURVEY, SURVEY_POLICY
from services.followup.domain.task import TASK
from services.followup.imports.followups import FollowupImport
from services.followup.projection import customers, lists
from services.followup.projection.absences import AbsenceQueries
from services.followup.projection.guards import GuardQueries
from services.followup.projection.surveys import SurveyQueries
from services.followup.queries.customers import Customers
from services.followup.queries.followups import FollowupQueries
from services.followup.queries.my_day import Days
from services.followup.schema import SCHEMA
from services.followup.surveys.invitations import Invitations
from services.followup.workers import reacting

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
        Applier(LISTING, parts.pool, lists.apply),
        lists.TABLES,
        lambda applier, health, shared: LocalFeed(needs.store, needs.mapper, applier, health=health, shared=shared).run,
    )
    hearing, own, reactions = reacting(parts, needs)
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
        *reactions,
    ]
    return Service(NAME, app, tasks, [knowing.applier, listing.applier, hearing, own], [knowing, listing])


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
        complaint_policy=CommandHandler(store, COMPLAINT_POLICY, mapper),
        complaint_policies=ComplaintPolicies(store, mapper, pseudonyms),
        guards=CommandHandler(store, GUARDS, mapper),
        surveys=CommandHandler(store, SURVEY, mapper),
        anonymous_answers=CommandHandler(store, ANONYMOUS_ANSWER, mapper),
        survey_policy=CommandHandler(store, SURVEY_POLICY, mapper),
        survey_list=SurveyQueries(parts.pool),
        invitations=Invitations(pseudonyms),
        guard_list=GuardQueries(parts.pool),
        absences=CommandHandler(store, ABSENCES, mapper),
        absence_list=AbsenceQueries(parts.pool),
        falling_due=FallingDue(parts.pool),
        customers=Customers(parts.pool),
        queries=FollowupQueries(parts.pool),
        days=Days(parts.pool, parts.settings.business_zone),
        pseudonyms=pseudonyms,
        exports=Exports(NAME, mapper, parts.pool),
    )


if __name__ == "__main__":
    main(NAME, SCHEMA, build, sys.argv[1:])
