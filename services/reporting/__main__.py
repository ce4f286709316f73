"""Starts the reporting service: `python -m services.reporting [all|api|consumer|relay]`."""

import sys
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from chassis.cli import main
from chassis.consume.applier import Applier
from chassis.consume.consumer import MAX_FACTS, Consumer
from chassis.consume.erasure_answers import ErasureAnswers
from chassis.consume.fact_log.fact import FactReader
from chassis.consume.fact_log.model import FACT, append
from chassis.consume.rebuild import ReadModel
from chassis.consume.timers import Timers
from chassis.http.web import create_app
from chassis.service import Service, ServiceContext, Task
from contracts.erasure_answers import record_of
from contracts.topics import REPORTING_ERASURE_ANSWERS
from services.reporting import projection
from services.reporting.api import ROUTERS
from services.reporting.business_zone import save_zone
from services.reporting.dependencies import Dependencies
from services.reporting.schema import SCHEMA

NAME: Final = "reporting"


def build(context: ServiceContext) -> Service:
    """Assemble the service. Nothing runs yet."""
    settings, health = context.settings, context.supervisor.health
    needs = Dependencies(pool=context.pool, zone=ZoneInfo(settings.business_zone))
    consumer = partial(Consumer, topics=projection.TOPICS, bootstrap=settings.kafka_bootstrap, max_records=MAX_FACTS)
    model = ReadModel(
        Applier(NAME, context.pool, projection.apply, decode=FactReader(projection.TOPICS).read),
        projection.MODEL.names,
        lambda applier, health, shared: consumer(applier, health=health, shared=shared).run,
        fill=append,
        derive=projection.derive,
        filled=(FACT,),
    )
    follow = model.follow(health(NAME))
    answers = ErasureAnswers(
        REPORTING_ERASURE_ANSWERS,
        partial(record_of, NAME, context.settings.address),
        context.pool,
        bootstrap=settings.kafka_bootstrap,
        idempotence=settings.kafka_idempotence,
    )

    async def consume() -> None:
        await save_zone(context.pool, settings.business_zone)
        await follow()

    app = create_app(
        "Reporting",
        ROUTERS,
        authenticator=context.authenticator,
        cursors=context.cursors,
        supervisor=context.supervisor,
        checks={"database": context.database_fault, "issuer": context.issuer_fault},
    )
    app.state.dependencies = needs
    tasks = [
        Task("consumer", NAME, consume),
        Task("relay", "erasure-answers", Timers(answers.run_due, health=health("erasure-answers")).run),
    ]
    return Service(NAME, app, tasks, [model.applier], [model])


if __name__ == "__main__":
    main(NAME, SCHEMA, build, sys.argv[1:])
