"""Starts the alerts service: `python -m services.alerts [all|api|relay|consumer|timers|projection]`.

`python -m services.alerts shipped` shows what it ships with.
"""

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
from chassis.store.pseudonym import Pseudonyms
from chassis.store.retention import PartitionMaintenance
from chassis.versions.lookup import Versions
from contracts.alerts import ContactDefinitionPublished, QuietHoursPublished
from contracts.erasure_answers import record_of
from contracts.event import Envelope
from contracts.topics import ALERT_ERASURE_ANSWERS, ALERT_EVENTS, ALERT_OPEN
from services.alerts import projection
from services.alerts.api import ROUTERS
from services.alerts.dependencies import Dependencies, RuleDependencies
from services.alerts.detection.derivation import Derivation
from services.alerts.detection.detector import CONSUMER, Detector
from services.alerts.detection.pending_timer import PendingTimer
from services.alerts.detection.read_model import FILLED, TABLES, MemoryModel
from services.alerts.detection.received import TOPICS, read
from services.alerts.detection.stored_rules import StoredRules
from services.alerts.detection.sweep import Sweep
from services.alerts.domain.alert import ALERT
from services.alerts.domain.definition import CONTACT_DEFINITION, LADDER, QUIET_HOURS
from services.alerts.domain.mute import MUTE
from services.alerts.domain.rule import RULE, RULE_DRAFT
from services.alerts.engine.rule_book import Rules
from services.alerts.handling import AlertHandler
from services.alerts.ladder import rows
from services.alerts.ladder.definitions import StoredLadders
from services.alerts.ladder.timer import LadderTimer
from services.alerts.live.broadcast import Broadcast
from services.alerts.open_topic import open_record
from services.alerts.queries.alerts import AlertQueries
from services.alerts.queries.rules import RuleQueries
from services.alerts.quiet_hours.stored import StoredQuietHours
from services.alerts.schema import SCHEMA
from services.alerts.shipped.command import show_shipped
from services.alerts.shipped.rules import DEFAULT_RULES
from services.alerts.staff.directory import Directory

NAME: Final = "alerts"
PENDING: Final = "pending-changes"
Run = Callable[[], Coroutine[None, None, None]]


def build(context: ServiceContext) -> Service:
    """Assemble the service. Nothing runs yet."""
    health = context.supervisor.health
    store, mapper = EventStore(context.pool), EventMapper()
    rules = StoredRules(DEFAULT_RULES, mapper, contacts_of(context, store, mapper).stream_of())
    quiet_hours = StoredQuietHours(mapper, quiet_hours_of(context, store, mapper).stream_of())
    detector = Detector(store, context.pool, mapper, rules, quiet_hours=quiet_hours)
    timers = Timers(detector.run_due, health=health("timers"))
    sweep = Sweep(context.pool, detector, rules)
    pending = PendingTimer(context.pool, detector)

    def applied() -> None:
        detector.committed()
        timers.wake()

    memories = memory_model(context, store, detector, rules, applied)
    lists = own_model(context, store, mapper, projection.CONSUMER, projection.TABLES, projection.apply)
    live = Broadcast(store, mapper, context.pool, health=health("live"))
    app = create_app(
        "Alerts",
        ROUTERS,
        authenticator=context.authenticator,
        cursors=context.cursors,
        supervisor=context.supervisor,
        checks=context.checks(store),
    )
    app.state.dependencies = needs = dependencies(context, store, mapper, rules, live, detector)
    stored = StoredLadders(mapper, needs.ladders.stream_of)
    ladders = own_model(context, store, mapper, rows.CONSUMER, rows.TABLES, rows.LadderRows(mapper, stored).apply)
    ladder = LadderTimer(context.pool, mapper, needs.alerts, needs.directory, stored, quiet_hours)
    tasks = [
        Task("api", "live", live.run),
        Task("relay", "relay", relay(context, store).run),
        Task("relay", "idempotency", PartitionMaintenance(context.pool, health=health("idempotency")).run),
        Task("relay", "erasure-answers", Timers(answers(context).run_due, health=health("erasure-answers")).run),
        Task("consumer", "consumer", memories.follow(health("consumer"))),
        Task("timers", "timers", timers.run),
        Task("timers", PENDING, Timers(pending.run_due, health=health(PENDING), problem=pending.problem).run),
        Task("timers", "rule-sweep", Timers(sweep.run_due, health=health("rule-sweep")).run),
        Task("timers", "ladder", Timers(ladder.run_due, health=health("ladder"), problem=ladder.problem).run),
        Task("projection", projection.CONSUMER, lists.follow(health(projection.CONSUMER))),
        Task("projection", rows.CONSUMER, ladders.follow(health(rows.CONSUMER))),
    ]
    verification = context.verification(store, ALERT_EVENTS, TOPICS)
    models = [memories, lists, ladders]
    return Service(NAME, app, tasks, [each.applier for each in models], models, verification, (live.stop,))


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


def dependencies(
    context: ServiceContext,
    store: EventStore,
    mapper: EventMapper,
    rules: Rules,
    live: Broadcast,
    detector: Detector,
) -> Dependencies:
    """Return what the routes need."""
    return Dependencies(
        context.pool,
        store,
        mapper,
        AlertQueries(context.pool),
        rule_dependencies(context, store, mapper, rules),
        Exports(NAME, mapper, context.pool),
        live,
        alerts=AlertHandler(context.pool, mapper, CommandHandler(store, ALERT, mapper), detector.append_pending),
        directory=Directory(context.pool),
        mutes=CommandHandler(store, MUTE, mapper),
        ladders=Versions(LADDER, store, mapper, Pseudonyms(context.settings.pseudonym_key)),
        quiet_hours=quiet_hours_of(context, store, mapper),
        contacts=contacts_of(context, store, mapper),
    )


def quiet_hours_of(context: ServiceContext, store: EventStore, mapper: EventMapper) -> Versions[QuietHoursPublished]:
    return Versions(QUIET_HOURS, store, mapper, Pseudonyms(context.settings.pseudonym_key))


def contacts_of(
    context: ServiceContext, store: EventStore, mapper: EventMapper
) -> Versions[ContactDefinitionPublished]:
    return Versions(CONTACT_DEFINITION, store, mapper, Pseudonyms(context.settings.pseudonym_key))


def relay(context: ServiceContext, store: EventStore) -> Relay:
    """Return the relay to the topics of alerts."""
    return Relay(
        store,
        context.pool,
        ALERT_EVENTS,
        bootstrap=context.settings.kafka_bootstrap,
        public_url=context.settings.address,
        health=context.supervisor.health("relay"),
        idempotence=context.settings.kafka_idempotence,
        companion=(ALERT_OPEN, open_record),
    )


async def run_both(first: Run, second: Run) -> None:
    """Run two feeds until one of them fails."""
    async with asyncio.TaskGroup() as group:
        group.create_task(first())
        group.create_task(second())


def memory_model(
    context: ServiceContext, store: EventStore, detector: Detector, rules: Rules, applied: Callable[[], None]
) -> ReadModel:
    """Return what is known of each customer, as a read model."""
    mapper = EventMapper()
    memory = MemoryModel(detector, Derivation(mapper, rules))

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
        indexes_first=True,
        has_own_events=True,
        switched=memory.switched,
    )


def rule_dependencies(
    context: ServiceContext, store: EventStore, mapper: EventMapper, rules: Rules
) -> RuleDependencies:
    """Return what the routes of rules need."""
    pseudonyms = Pseudonyms(context.settings.pseudonym_key)
    return RuleDependencies(
        rules,
        Versions(RULE, store, mapper, pseudonyms),
        Versions(RULE_DRAFT, store, mapper, pseudonyms),
        RuleQueries(context.pool),
        context.cursors,
        context.pool,
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
    main(NAME, SCHEMA, build, sys.argv[1:], {"shipped": show_shipped})
