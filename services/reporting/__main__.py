"""Starts the reporting service: `python -m services.reporting [all|api|consumer]`."""

import sys
from zoneinfo import ZoneInfo

from chassis.applier import Applier
from chassis.cli import main
from chassis.consumer import Consumer
from chassis.rebuild import ReadModel
from chassis.service import Parts, Service, Task
from chassis.web import create_app
from services.reporting import api, projection, reports_api
from services.reporting.dependencies import Dependencies
from services.reporting.zone import keep_zone

NAME = "reporting"


def build(parts: Parts) -> Service:
    """Put the service together; nothing runs yet."""
    settings = parts.settings
    needs = Dependencies(
        pool=parts.pool,
        zone=ZoneInfo(settings.business_zone),
    )
    model = ReadModel(
        Applier(NAME, parts.pool, projection.apply),
        projection.TABLES,
        lambda applier, health, shared: (
            Consumer(applier, projection.TOPICS, bootstrap=settings.kafka_bootstrap, health=health, shared=shared).run
        ),
    )
    follow = model.follow(parts.supervisor.health(NAME))

    async def consume() -> None:
        await keep_zone(parts.pool, settings.business_zone)
        await follow()

    app = create_app(
        "Reporting",
        [api.router, reports_api.router],
        authenticator=parts.authenticator,
        cursors=parts.cursors,
        supervisor=parts.supervisor,
        checks={"database": parts.database_fault, "issuer": parts.issuer_fault},
    )
    app.state.dependencies = needs
    return Service(NAME, app, [Task("consumer", NAME, consume)], [model.applier], [model])


if __name__ == "__main__":
    main(NAME, build, sys.argv[1:])
