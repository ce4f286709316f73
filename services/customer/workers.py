"""The background tasks of this service: relay, read models, inbound messages, imports and timers."""

from collections.abc import Sequence
from typing import Any

from chassis.commands.command_handler import CommandHandler
from chassis.consume.applier import Applier
from chassis.consume.consumer import Consumer
from chassis.consume.inbound import InboundConsumer
from chassis.consume.local_feed import LocalFeed
from chassis.consume.rebuild import ReadModel
from chassis.consume.timers import RunDue, Timers
from chassis.files.imports import Imports
from chassis.files.retention import ResultMaintenance
from chassis.publish.relay import Relay
from chassis.service import ServiceContext, Task
from chassis.store.retention import PartitionMaintenance
from contracts.erasure_answers import CONFIRMATIONS, ErasureConfirmed
from contracts.inbound import INBOUND, AnyInbound
from contracts.topics import CUSTOMER_EVENTS, CUSTOMER_INBOUND, ERASURE_ANSWERS, FOLLOWUP_EVENTS
from services.customer import projection
from services.customer.dates.important_dates import ImportantDateReminder
from services.customer.dependencies import Dependencies
from services.customer.domain.important_date import IMPORTANT_DATE
from services.customer.erasure import execution
from services.customer.handovers.runner import HandoverBatchRunner
from services.customer.handovers.selection import BatchSelection
from services.customer.handovers.steps import BatchSteps
from services.customer.inbound import receiver
from services.customer.inbound.receiver import InboundReceiver
from services.customer.leaders.follower import LeaderFollower
from services.customer.leaders.statement import LeaderStatements
from services.customer.merging.duplicates import DuplicateFinder
from services.customer.projection import followup
from services.customer.tiers.runner import TierRunner

# No request waits for followup's events, so small batches are gathered.
GATHER_SECONDS = 0.25


def tasks(
    context: ServiceContext,
    needs: Dependencies,
    imports: Imports,
    models: tuple[ReadModel, ReadModel],
    consumers: Sequence[InboundConsumer[Any]],
) -> list[Task]:
    health = context.supervisor.health
    lists, of_followup = models
    return [
        Task("relay", "relay", relay(context, needs).run),
        Task("relay", "idempotency", PartitionMaintenance(context.pool, health=health("idempotency")).run),
        Task("projection", projection.CONSUMER, lists.follow(health(projection.CONSUMER))),
        Task("consumer", followup.CONSUMER, of_followup.follow(health(followup.CONSUMER))),
        *(Task("consumer", consumer.name, consumer.run) for consumer in consumers),
        Task("importer", "importer", imports.run),
        Task("importer", "import-results", ResultMaintenance(context.pool, health=health("import-results")).run),
        *(
            Task("timers", name, Timers(run_due, health=health(name)).run)
            for name, run_due in timers(context, needs).items()
        ),
    ]


def relay(context: ServiceContext, needs: Dependencies) -> Relay:
    return Relay(
        needs.store,
        context.pool,
        CUSTOMER_EVENTS,
        bootstrap=context.settings.kafka_bootstrap,
        public_url=context.settings.address,
        health=context.supervisor.health("relay"),
        idempotence=context.settings.kafka_idempotence,
    )


def read_models(context: ServiceContext, needs: Dependencies) -> tuple[ReadModel, ReadModel]:
    """Return the read model of our own store, and that of followup's topic."""
    bootstrap = context.settings.kafka_bootstrap
    lists = ReadModel(
        Applier(projection.CONSUMER, context.pool, projection.handler(needs.pseudonyms)),
        projection.TABLES,
        lambda applier, health, shared: LocalFeed(needs.store, needs.mapper, applier, health=health, shared=shared).run,
    )
    of_followup = ReadModel(
        Applier(followup.CONSUMER, context.pool, followup.apply),
        followup.TABLES,
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
    return lists, of_followup


def inbounds(
    context: ServiceContext, needs: Dependencies
) -> tuple[InboundConsumer[AnyInbound], InboundConsumer[ErasureConfirmed]]:
    """Return the consumers of inbound messages and of answers to erasures."""
    bootstrap, health = context.settings.kafka_bootstrap, context.supervisor.health
    received = InboundReceiver(needs.customers, needs.registration, needs.commerce, needs.pseudonyms)
    messages: InboundConsumer[AnyInbound] = InboundConsumer(
        receiver.CONSUMER,
        [CUSTOMER_INBOUND],
        context.pool,
        INBOUND,
        received.receive,
        received.customer_of,
        named_in=received.named_in,
        bootstrap=bootstrap,
        health=health(receiver.CONSUMER),
    )
    answers: InboundConsumer[ErasureConfirmed] = InboundConsumer(
        execution.CONFIRMED,
        ERASURE_ANSWERS,
        context.pool,
        CONFIRMATIONS,
        needs.erasure.receive,
        lambda answer: answer.customer_id,
        bootstrap=bootstrap,
        health=health(execution.CONFIRMED),
    )
    return messages, answers


def timers(context: ServiceContext, needs: Dependencies) -> dict[str, RunDue]:
    """Return what each timer runs, by the name of its task."""
    pool, zone = context.pool, context.settings.business_zone
    dates = CommandHandler(needs.store, IMPORTANT_DATE, needs.mapper)
    return {
        "tiers": TierRunner(pool, needs.customers, zone).run_due,
        "handovers": handover_batches(needs).run_due,
        "dates": ImportantDateReminder(pool, dates, needs.pseudonyms, zone).run_due,
        "leaders": LeaderFollower(pool, needs.customers, needs.employees).run_due,
        "duplicates": DuplicateFinder(pool).run_due,
        "erasure": needs.erasure.run_due,
    }


def handover_batches(needs: Dependencies) -> HandoverBatchRunner:
    steps = BatchSteps(
        needs.store, needs.customers, needs.handovers, needs.checklists, needs.employees, needs.pseudonyms
    )
    leaders = LeaderStatements(needs.employments, needs.employees, needs.pseudonyms)
    selection = BatchSelection(needs.pool, needs.employees, leaders)
    return HandoverBatchRunner(needs.pool, needs.handover_batches, selection, steps)
