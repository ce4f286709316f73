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
from chassis.versions.lookup import Versions
from contracts.topics import CUSTOMER_EVENTS, FOLLOWUP_EVENTS
from services.followup import projection, workers
from services.followup.absences.due_work import DueWork
from services.followup.api import ROUTERS
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
from services.followup.projection import customers
from services.followup.queries.absences import AbsenceQueries
from services.followup.queries.complaints import ComplaintQueries
from services.followup.queries.contacts import ContactQueries
from services.followup.queries.customers import Customers
from services.followup.queries.guards import GuardQueries
from services.followup.queries.my_day import DayQueries
from services.followup.queries.surveys import SurveyQueries
from services.followup.queries.tasks import TaskQueries
from services.followup.schema import SCHEMA
from services.followup.surveys.invitations import Invitations

NAME = "followup"
PROJECTION = "followup-list"


def build(parts: Parts) -> Service:
    """Put the service together; nothing runs yet."""
    settings, health = parts.settings, parts.supervisor.health
    needs = dependencies(parts)
    imports = Imports(parts.pool, {"followups": followup_import(parts, needs)}, health=health("importer"))
    known_customers, own_lists = models = read_models(parts, needs)
    of_customers, of_own, reactions = workers.assemble(parts, needs)
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
        Task("consumer", customers.CONSUMER, known_customers.follow(health(customers.CONSUMER))),
        Task("projection", PROJECTION, own_lists.follow(health(PROJECTION))),
        Task("importer", "importer", imports.run),
        *reactions,
    ]
    return Service(NAME, app, tasks, [known_customers.applier, own_lists.applier, of_customers, of_own], list(models))


def read_models(parts: Parts, needs: Dependencies) -> tuple[ReadModel, ReadModel]:
    """Return what is known of customers, from Kafka, and the lists of the service's own events, from the store."""
    bootstrap = parts.settings.kafka_bootstrap
    known_customers = ReadModel(
        Applier(customers.CONSUMER, parts.pool, customers.apply),
        customers.TABLES,
        lambda applier, health, shared: (
            Consumer(applier, [CUSTOMER_EVENTS], bootstrap=bootstrap, health=health, shared=shared).run
        ),
    )
    own_lists = ReadModel(
        Applier(PROJECTION, parts.pool, projection.apply),
        projection.TABLES,
        lambda applier, health, shared: LocalFeed(needs.store, needs.mapper, applier, health=health, shared=shared).run,
    )
    return known_customers, own_lists


def followup_import(parts: Parts, needs: Dependencies) -> FollowupImport:
    return FollowupImport(
        contacts=needs.contacts,
        tasks=needs.tasks,
        customers=needs.customers,
        pseudonyms=needs.pseudonyms,
        zone=parts.settings.business_zone,
    )


def dependencies(parts: Parts) -> Dependencies:
    pseudonyms = Pseudonyms(parts.settings.pseudonym_key)
    store, mapper = EventStore(parts.pool), EventMapper()
    return Dependencies(
        pool=parts.pool,
        store=store,
        mapper=mapper,
        pseudonyms=pseudonyms,
        contacts=CommandHandler(store, CONTACT, mapper),
        tasks=CommandHandler(store, TASK, mapper),
        complaints=CommandHandler(store, COMPLAINT, mapper),
        complaint_repeats=CommandHandler(store, REPEATS, mapper),
        plans=CommandHandler(store, PLAN, mapper),
        surveys=CommandHandler(store, SURVEY, mapper),
        anonymous_answers=CommandHandler(store, ANONYMOUS_ANSWER, mapper),
        absences=CommandHandler(store, ABSENCES, mapper),
        guards=CommandHandler(store, GUARDS, mapper),
        contact_forms=Versions(CONTACT_FORM, store, mapper, pseudonyms),
        plan_templates=Versions(PLAN_TEMPLATE, store, mapper, pseudonyms),
        calendars=Versions(CALENDAR, store, mapper, pseudonyms),
        complaint_policies=Versions(COMPLAINT_POLICY, store, mapper, pseudonyms),
        survey_policies=Versions(SURVEY_POLICY, store, mapper, pseudonyms),
        contact_queries=ContactQueries(parts.pool),
        task_queries=TaskQueries(parts.pool),
        complaint_queries=ComplaintQueries(parts.pool),
        guard_queries=GuardQueries(parts.pool),
        survey_queries=SurveyQueries(parts.pool),
        absence_queries=AbsenceQueries(parts.pool),
        day_queries=DayQueries(parts.pool, parts.settings.business_zone),
        due_work=DueWork(parts.pool),
        customers=Customers(parts.pool),
        invitations=Invitations(pseudonyms),
        exports=Exports(NAME, mapper, parts.pool),
    )


if __name__ == "__main__":
    main(NAME, SCHEMA, build, sys.argv[1:])
