"""Starts the alerts service: `python -m services.alerts [all|api|relay|consumer|timers|projection]`."""

import sys

from chassis.applier import Applier
from chassis.cli import main
from chassis.confirming import Confirming
from chassis.consumer import Consumer
from chassis.event_store import EventStore
from chassis.export import Exports
from chassis.mapper import EventMapper
from chassis.rebuild import ReadModel
from chassis.relay import Relay
from chassis.service import Parts, Service, Task
from chassis.tail import Tail
from chassis.timers import Timers
from chassis.web import create_app
from contracts.topics import ALERT_EVENTS, ALERT_OPEN, CUSTOMER_EVENTS, FOLLOWUP_EVENTS
from services.alerts import projection
from services.alerts.api import router
from services.alerts.dependencies import Dependencies
from services.alerts.detection import CONSUMER, Detection
from services.alerts.engine.rules import DEFAULT_RULES
from services.alerts.open_topic import open_record
from services.alerts.queries import AlertQueries

NAME = "alerts"
LISTING = "alert-list"


def build(parts: Parts) -> Service:
    """Put the service together; nothing runs yet."""
    settings, health = parts.settings, parts.supervisor.health
    bootstrap = settings.kafka_bootstrap
    store, mapper = EventStore(parts.pool), EventMapper()
    detection = Detection(store, parts.pool, mapper, DEFAULT_RULES)
    timers = Timers(detection.run_due, health=health("timers"))

    def applied() -> None:
        store.wake()
        timers.wake()

    detecting = Applier(CONSUMER, parts.pool, detection.apply, applied=applied)
    listing = ReadModel(
        Applier(LISTING, parts.pool, projection.apply),
        projection.TABLES,
        lambda applier, health, shared: Tail(store, mapper, applier, health=health, shared=shared).run,
    )
    relay = Relay(
        store,
        parts.pool,
        ALERT_EVENTS,
        bootstrap=bootstrap,
        health=health("relay"),
        idempotence=settings.kafka_idempotence,
        companion=(ALERT_OPEN, open_record),
    )
    confirming = Confirming("alerts", parts.pool, bootstrap=bootstrap, idempotence=settings.kafka_idempotence)
    consumer = Consumer(detecting, [CUSTOMER_EVENTS, FOLLOWUP_EVENTS], bootstrap=bootstrap, health=health("consumer"))
    app = create_app(
        "Alerts",
        [router],
        authenticator=parts.authenticator,
        cursors=parts.cursors,
        supervisor=parts.supervisor,
        checks={"database": parts.database_fault, "store": store.fault, "issuer": parts.issuer_fault},
    )
    app.state.dependencies = Dependencies(
        store, mapper, AlertQueries(parts.pool), DEFAULT_RULES, Exports(NAME, mapper, parts.pool)
    )
    tasks = [
        Task("relay", "relay", relay.run),
        Task("relay", "confirming", Timers(confirming.run_due, health=health("confirming")).run),
        Task("consumer", "consumer", consumer.run),
        Task("timers", "timers", timers.run),
        Task("projection", LISTING, listing.follow(health(LISTING))),
    ]
    return Service(NAME, app, tasks, [detecting, listing.applier], [listing])


if __name__ == "__main__":
    main(NAME, build, sys.argv[1:])
