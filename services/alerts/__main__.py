"""Starts the alerts service: `python -m services.alerts [all|api|relay|consumer|timers|projection]`."""

import sys
from functools import partial
from typing import Final

from chassis.cli import main
from chassis.consume.applier import Applier
from chassis.consume.consumer import Consumer
from chassis.consume.erasure_answers import ErasureAnswers
from chassis.consume.local_feed import LocalFeed
from chassis.consume.rebuild import ReadModel
from chassis.consume.timers import Timers
from chassis.http.export import Exports
from chassis.http.web import create_app
from chassis.publish.relay import Relay
from chassis.service import Service, ServiceContext, Task
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.store.retention import PartitionMaintenance
from contracts.erasure_answers import record_of
from contracts.topics import ALERT_ERASURE_ANSWERS, ALERT_EVENTS, ALERT_OPEN, CUSTOMER_EVENTS, FOLLOWUP_EVENTS
from services.alerts import projection
from services.alerts.api import ROUTERS
from services.alerts.dependencies import Dependencies
from services.alerts.detection.detector import CONSUMER, Detector
from services.alerts.engine.rules import DEFAULT_RULES
from services.alerts.open_topic import open_record
from services.alerts.queries.alerts import AlertQueries
from services.alerts.schema import SCHEMA

NAME: Final = "alerts"


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

    applier = Applier(CONSUMER, context.pool, detector.apply, applied=applied)
    lists = ReadModel(
        Applier(projection.CONSUMER, context.pool, projection.apply),
        projection.TABLES,
        lambda applier, health, shared: LocalFeed(store, mapper, applier, health=health, shared=shared).run,
    )
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
    consumer = Consumer(applier, [CUSTOMER_EVENTS, FOLLOWUP_EVENTS], bootstrap=bootstrap, health=health("consumer"))
    app = create_app(
        "Alerts",
        ROUTERS,
        authenticator=context.authenticator,
        cursors=context.cursors,
        supervisor=context.supervisor,
        checks=context.checks(store),
    )
    app.state.dependencies = Dependencies(
        store, mapper, AlertQueries(context.pool), DEFAULT_RULES, Exports(NAME, mapper, context.pool)
    )
    tasks = [
        Task("relay", "relay", relay.run),
        Task("relay", "idempotency", PartitionMaintenance(context.pool, health=health("idempotency")).run),
        Task("relay", "erasure-answers", Timers(answers(context).run_due, health=health("erasure-answers")).run),
        Task("consumer", "consumer", consumer.run),
        Task("timers", "timers", timers.run),
        Task("projection", projection.CONSUMER, lists.follow(health(projection.CONSUMER))),
    ]
    verification = context.verification(store, ALERT_EVENTS, [CUSTOMER_EVENTS, FOLLOWUP_EVENTS])
    return Service(NAME, app, tasks, [applier, lists.applier], [lists], verification)


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
