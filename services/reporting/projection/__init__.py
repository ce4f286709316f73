"""The read model of the events of the three other services: the fact log, and state tables derived from it."""

from collections.abc import Sequence
from typing import get_args

from chassis.consume.erasure_answers import receive
from chassis.consume.fact_log.fact import Fact
from chassis.consume.fact_log.model import FactModel
from chassis.postgres.database import Connection
from contracts.cloudevents import type_of
from contracts.customer import ErasureEvent
from contracts.topics import ALERT_EVENTS, CUSTOMER_EVENTS, FOLLOWUP_EVENTS
from services.reporting.projection import erasures
from services.reporting.projection.tables import TABLES

TOPICS = (CUSTOMER_EVENTS, FOLLOWUP_EVENTS, ALERT_EVENTS)
MODEL = FactModel(TABLES)
ERASURES = frozenset(map(type_of, get_args(ErasureEvent)))
NOT_RECEIVED = """
    SELECT event_id, customer_id FROM fact WHERE type = ANY($1)
        AND NOT EXISTS (SELECT FROM erasure_received WHERE erasure_id = event_id)
"""


async def apply(facts: Sequence[Fact], held: Connection) -> None:
    """Apply a batch. The consumer calls this inside its own transaction."""
    await MODEL.apply(facts, held)
    received = [(fact.event_id, fact.customer_id) for fact in facts if fact.type in ERASURES]
    await receive(received, held, erasures.names)


async def derive(held: Connection) -> None:
    """Do what `apply` does after facts were only appended: fill the state tables, and record new erasures."""
    await MODEL.derive(held)
    received = await held.fetch(NOT_RECEIVED, list(ERASURES))
    await receive(((row["event_id"], row["customer_id"]) for row in received), held, erasures.names)
