"""Starts the alerts service: `python -m services.alerts [all|api|relay|consumer|timers|projection]`."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final

from chassis.cli import main
from chassis.commands.command_handler import CommandHandler
from chassis.consume.applier import Applier
from chassis.consume.consumer import Consumer
from chassis.consume.erasure_answers import ErasureAnswers
from chassis.consume.local_feed import LocalFeed
from chassis.consume.rebuild import ReadModel
from chassis.consume.timers import Timers
from chassis.http.export import Exports
from chassis.http.web import create_app
from chassis.postgres.database import Connection
from chassis.publish.relay import Relay
from chassis.runtime.supervisor import Health
from chassis.service import Service, ServiceContext, Task
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.store.retention import PartitionMaintenance
from contracts.erasure_answers import record_of
from contracts.event import Envelope
from contracts.topics import ALERT_ERASURE_ANSWERS, ALERT_EVENTS, ALERT_OPEN
from services.alerts import projection
from services.alerts.api import ROUTERS
from services.alerts.dependencies import Dependencies
from services.alerts.detection.derivation import Derivation
from services.alerts.detection.detector import CONSUMER, Detector
from services.alerts.detection.read_model import FILLED, TABLES, MemoryModel
from services.alerts.detection.received import TOPICS, read
from services.alerts.domain.alert import ALERT
from services.alerts.domain.mute import MUTE
from services.alerts.handling import AlertHandler
from services.alerts.ladder import rows
from services.alerts.ladder.timer import LadderTimer
from services.alerts.open_topic import open_record
from services.alerts.queries.alerts import AlertQueries
from services.alerts.schema import SCHEMA
from services.alerts.shipped.rules import DEFAULT_RULES
from services.alerts.staff.directory import Directory

NAME: Final = "alerts"
Run = Callable[[], Coroutine[None, None, None]]


def build(context: ServiceContext) -> Service:
    """Assemble the service. Nothing runs yet."""
    settings, health = context.settings, context.supervisor.health
    bootstrap = settings.kafka_bootstrap
    store, mapper = EventStore(context.pool), EventMapper()
    detector = Detector(store, context.pool, mapper, DEFAULT_RULES)
    timers = Timers(detector.run_due, health=health("timers"))

    def applied() -> None:
        detector.committed()
        timers.wake()

    memories = memory_model(context, store, detector, applied)
    lists = own_model(context, store, mapper, projection.CONSUMER, projection.TABLES, projection.apply)
    ladders = own_model(context, store, mapper, rows.CONSUMER, rows.TABLES, rows.LadderRows(mapper).apply)
    relay = Relay(
        store,
        context.pool,
        ALERT_EVENTS,
        bootstrap=bootstrap,
        public_url=settings.address,
        health=health("relay"),
        idempotence=settings.kafka_idempotence,
        companion=(ALERT_OPEN, open_record),
    )
    app = create_app(
        "Alerts",
        ROUTERS,
        authenticator=context.authenticator,
        cursors=context.cursors,
        supervisor=context.supervisor,
        checks=context.checks(store),
    )
    app.state.dependencies = needs = dependencies(context, store, mapper)
    ladder = LadderTimer(context.pool, store, mapper, needs.alerts, needs.directory)
    tasks = [
        Task("relay", "relay", relay.run),
        Task("relay", "idempotency", PartitionMaintenance(context.pool, health=health("idempotency")).run),
        Task("relay", "erasure-answers", Timers(answers(context).run_due, health=health("erasure-answers")).run),
        Task("consumer", "consumer", memories.follow(health("consumer"))),
        Task("timers", "timers", timers.run),
        Task("timers", "ladder", Timers(ladder.run_due, health=health("ladder")).run),
        Task("projection", projection.CONSUMER, lists.follow(health(projection.CONSUMER))),
        Task("projection", rows.CONSUMER, ladders.follow(health(rows.CONSUMER))),
    ]
    verification = context.verification(store, ALERT_EVENTS, TOPICS)
    return Service(
        NAME, app, tasks, [memories.applier, lists.applier, ladders.applier], [memories, lists, ladders], verification
    )


def own_model(
    context: ServiceContext,
    store: EventStore,
    mapper: EventMapper,
    name: str,
    tables: Sequence[str],
    apply: Callable[[Sequence[Envelope[Any]], Connection], Coroutine[None, None, None]],
) -> ReadModel:
    """Return a read model of the service's own events."""
    return ReadModel(
        Applier(name, context.pool, apply),
        tables,
        lambda applier, health, shared: LocalFeed(store, mapper, applier, health=health, shared=shared).run,
    )


def dependencies(context: ServiceContext, store: EventStore, mapper: EventMapper) -> Dependencies:
    return Dependencies(
        context.pool,
        store,
        mapper,
        AlertQueries(context.pool),
        DEFAULT_RULES,
        Exports(NAME, mapper, context.pool),
        alerts=AlertHandler(context.pool, mapper, CommandHandler(store, ALERT, mapper)),
        directory=Directory(context.pool),
        mutes=CommandHandler(store, MUTE, mapper),
    )


async def run_both(first: Run, second: Run) -> None:
    """Run two feeds until one of them fails."""
    async with asyncio.TaskGroup() as group:
        group.create_task(first())
        group.create_task(second())


def memory_model(
    context: ServiceContext, store: EventStore, detector: Detector, applied: Callable[[], None]
) -> ReadModel:
    """Return what is known of each customer, as a read model."""
    mapper = EventMapper()
    memory = MemoryModel(detector, Derivation(mapper, DEFAULT_RULES))

    def feed(applier: Applier, health: Health, shared: bool) -> Run:
        """Return the feed of an applier. A copy reads the own store too, because it raises and ends no alerts."""
        bootstrap = context.settings.kafka_bootstrap
        records = Consumer(applier, TOPICS, bootstrap=bootstrap, health=health, shared=shared).run
        if shared:
            return records
        return partial(run_both, records, LocalFeed(store, mapper, applier, health=health, shared=shared).run)

    return ReadModel(
        Applier(CONSUMER, context.pool, detector.apply, decode=read, applied=applied),
        TABLES,
        feed,
        fill=memory.fill,
        derive=memory.derive,
        update=memory.update,
        filled=FILLED,
        has_own_events=True,
        switched=memory.switched,
    )


def answers(context: ServiceContext) -> ErasureAnswers:
    """Return the publisher of answers to erasures."""
    return ErasureAnswers(
        ALERT_ERASURE_ANSWERS,
        partial(record_of, NAME, context.settings.address),
        context.pool,
        bootstrap=context.settings.kafka_bootstrap,
        idempotence=context.settings.kafka_idempotence,
    )


if __name__ == "__main__":
    main(NAME, SCHEMA, build, sys.argv[1:])
