"""Starts the followup service: `python -m services.followup [all|api|relay|consumer|projection|policy|timers|…]`."""

import sys
from functools import partial

from chassis.cli import main
from chassis.commands.command_handler import CommandHandler
from chassis.commands.item_limit import ItemLimit
from chassis.consume.applier import Applier
from chassis.consume.consumer import Consumer
from chassis.consume.local_feed import LocalFeed
from chassis.consume.rebuild import ReadModel
from chassis.files.imports_api import imports_router
from chassis.files.retention import ResultMaintenance
from chassis.files.template_api import template_router
from chassis.http.export import Exports
from chassis.http.web import create_app
from chassis.publish.relay import Relay
from chassis.service import Service, ServiceContext, Task
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.store.pseudonym import Pseudonyms
from chassis.store.retention import PartitionMaintenance
from chassis.versions.lookup import Versions
from contracts.topics import ALERT_EVENTS, CUSTOMER_EVENTS, FOLLOWUP_EVENTS
from services.followup import file_kinds, limits, projection, workers
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
from services.followup.projection import customers
from services.followup.queries.absences import AbsenceQueries
from services.followup.queries.complaints import ComplaintQueries
from services.followup.queries.contacts import ContactQueries
from services.followup.queries.customers import Customers
from services.followup.queries.guards import GuardQueries
from services.followup.queries.my_day import DayQueries
from services.followup.queries.surveys import SurveyQueries
from services.followup.queries.tasks import TaskQueries
from services.followup.queries.tier_schemes import TierSchemes
from services.followup.schema import SCHEMA
from services.followup.surveys.invitations import Invitations

NAME = "followup"
PROJECTION = "followup-list"


def build(context: ServiceContext) -> Service:
    """Build the service without starting it."""
    settings, health = context.settings, context.supervisor.health
    needs = dependencies(context)
    imports = file_kinds.imports(context, needs)
    previews = file_kinds.previews(context, needs, partial(ItemLimit, context.pool, PROJECTION))
    customer_model, list_model = models = read_models(context, needs)
    reacting, reactions = workers.assemble(context, needs)
    relay = Relay(
        needs.store,
        context.pool,
        FOLLOWUP_EVENTS,
        bootstrap=settings.kafka_bootstrap,
        public_url=settings.address,
        health=health("relay"),
        idempotence=settings.kafka_idempotence,
    )
    app = create_app(
        "Followup",
        [*ROUTERS, template_router(imports), imports_router(imports, previews)],
        authenticator=context.authenticator,
        cursors=context.cursors,
        supervisor=context.supervisor,
        checks=context.checks(needs.store),
    )
    app.state.dependencies = needs
    tasks = [
        Task("relay", "relay", relay.run),
        Task("relay", "idempotency", PartitionMaintenance(context.pool, health=health("idempotency")).run),
        Task("consumer", customers.CONSUMER, customer_model.follow(health(customers.CONSUMER))),
        Task("projection", PROJECTION, list_model.follow(health(PROJECTION))),
        Task("importer", "importer", imports.run),
        Task("importer", "import-results", ResultMaintenance(context.pool, health=health("import-results")).run),
        *reactions,
    ]
    appliers = [customer_model.applier, list_model.applier, *reacting]
    verification = context.verification(needs.store, FOLLOWUP_EVENTS, [CUSTOMER_EVENTS, ALERT_EVENTS])
    return Service(NAME, app, tasks, appliers, list(models), verification)


def read_models(context: ServiceContext, needs: Dependencies) -> tuple[ReadModel, ReadModel]:
    """Return two read models: customers, from Kafka, and the lists of the service's own events, from the store."""
    bootstrap = context.settings.kafka_bootstrap
    customer_model = ReadModel(
        Applier(customers.CONSUMER, context.pool, customers.apply),
        customers.TABLES,
        lambda applier, health, shared: (
            Consumer(applier, [CUSTOMER_EVENTS], bootstrap=bootstrap, health=health, shared=shared).run
        ),
    )
    list_model = ReadModel(
        Applier(PROJECTION, context.pool, projection.apply),
        projection.TABLES,
        lambda applier, health, shared: LocalFeed(needs.store, needs.mapper, applier, health=health, shared=shared).run,
    )
    return customer_model, list_model


def dependencies(context: ServiceContext) -> Dependencies:
    pseudonyms = Pseudonyms(context.settings.pseudonym_key)
    store, mapper = EventStore(context.pool), EventMapper()
    limit = partial(ItemLimit, context.pool, PROJECTION)
    return Dependencies(
        pool=context.pool,
        store=store,
        mapper=mapper,
        pseudonyms=pseudonyms,
        contacts=CommandHandler(store, CONTACT, mapper, limit(limits.CONTACTS)),
        tasks=CommandHandler(store, TASK, mapper, limit(limits.OPEN_TASKS)),
        complaints=CommandHandler(store, COMPLAINT, mapper, limit(limits.OPEN_COMPLAINTS)),
        complaint_repeats=CommandHandler(store, REPEATS, mapper),
        plans=CommandHandler(store, PLAN, mapper),
        surveys=CommandHandler(store, SURVEY, mapper, limit(limits.OPEN_SURVEYS)),
        anonymous_answers=CommandHandler(store, ANONYMOUS_ANSWER, mapper),
        absences=CommandHandler(store, ABSENCES, mapper),
        guards=CommandHandler(store, GUARDS, mapper),
        contact_forms=Versions(CONTACT_FORM, store, mapper, pseudonyms),
        plan_templates=Versions(PLAN_TEMPLATE, store, mapper, pseudonyms),
        calendars=Versions(CALENDAR, store, mapper, pseudonyms),
        complaint_policies=Versions(COMPLAINT_POLICY, store, mapper, pseudonyms),
        survey_policies=Versions(SURVEY_POLICY, store, mapper, pseudonyms),
        contact_queries=ContactQueries(context.pool),
        task_queries=TaskQueries(context.pool),
        complaint_queries=ComplaintQueries(context.pool),
        guard_queries=GuardQueries(context.pool),
        survey_queries=SurveyQueries(context.pool),
        absence_queries=AbsenceQueries(context.pool),
        day_queries=DayQueries(context.pool, context.settings.business_zone),
        due_work=DueWork(context.pool),
        customers=Customers(context.pool),
        tier_schemes=TierSchemes(context.pool),
        invitations=Invitations(pseudonyms),
        exports=Exports(NAME, mapper, context.pool),
    )


if __name__ == "__main__":
    main(NAME, SCHEMA, build, sys.argv[1:])
