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


async def apply(facts: Sequence[Fact], held: Connection) -> None:
    """Apply a batch. The consumer calls this inside its own transaction."""
    await MODEL.apply(facts, held)
    received = [(fact.event_id, fact.customer_id) for fact in facts if fact.type in ERASURES]
    await receive(received, held, erasures.names)
