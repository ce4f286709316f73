"""The read model of the events of the three other services."""

from collections.abc import Sequence
from typing import Any

from chassis.consume.erasure_answers import receive
from chassis.postgres.database import Connection
from contracts.customer import ErasureEvent
from contracts.event import Envelope
from contracts.topics import ALERT_EVENTS, CONFIGURATION, CUSTOMER_EVENTS, FOLLOWUP_EVENTS
from services.reporting.projection import alert, batch_rows, customer, erasures, followup, timeline
from services.reporting.projection.batch_rows import TABLES as TABLES
from services.reporting.projection.batch_rows import BatchRows

PROJECTS = (
    (CUSTOMER_EVENTS, customer.project),
    (FOLLOWUP_EVENTS, followup.project),
    (ALERT_EVENTS, alert.project),
)
TOPICS = tuple(topic for topic, _ in PROJECTS)
BY_EVENT = {event: (topic, project) for topic, project in PROJECTS for event in topic.events}


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch. The consumer calls this inside its own transaction."""
    rows = await batch_rows.load(held, envelopes)
    for envelope in envelopes:
        project(rows, envelope)
    await batch_rows.save(held, rows)
    await receive((each for each in envelopes if isinstance(each.event, ErasureEvent)), held, erasures.names)


def project(rows: BatchRows, envelope: Envelope[Any]) -> None:
    """Apply one event of any topic to the rows."""
    topic, project_own = BY_EVENT[type(envelope.event)]
    project_own(rows, envelope)
    if type(envelope.event) not in CONFIGURATION:
        timeline.project(rows, envelope, topic)
