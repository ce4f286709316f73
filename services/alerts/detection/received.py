"""A record as the alerts service reads it: the fact that is stored, and the event that the engine evaluates."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, get_args

from chassis.consume.fact_log.fact import Fact, FactReader
from chassis.kafka.cloudevents import CloudEvent, decode
from contracts import customer, followup
from contracts.cloudevents import type_of
from contracts.customer import ErasureEvent
from contracts.customer.people import PeopleEvent
from contracts.customer.responsibility import ResponsibilityEvent
from contracts.event import Envelope, Event
from contracts.followup.complaint import ComplaintEvent, RepeatEvent
from contracts.followup.guard import GuardEvent
from contracts.followup.task import TaskEvent
from contracts.topics import CONFIGURATION, CUSTOMER_EVENTS, EVENT_TYPES, FOLLOWUP_EVENTS
from services.alerts.engine.attributes import EVENTS as ATTRIBUTES
from services.alerts.engine.segments import EVENTS as OF_SEGMENTS
from services.alerts.engine.signals import EVENTS as SIGNALS
from services.alerts.engine.terms import OF_CONTRACT, OF_QUOTE

TOPICS: Final = (CUSTOMER_EVENTS, FOLLOWUP_EVENTS)
# The events that change what the engine knows of a customer, or who may see its alerts.
EVALUATED: frozenset[type[Event]] = frozenset(
    {
        customer.Registered,
        customer.Renamed,
        *SIGNALS,
        *ATTRIBUTES,
        *OF_SEGMENTS,
        *get_args(ResponsibilityEvent),
        *get_args(ErasureEvent),
        followup.ContactLogged,
        *get_args(TaskEvent),
        *get_args(ComplaintEvent),
        *get_args(RepeatEvent),
        followup.SurveyAnswered,
        *OF_CONTRACT,
        *OF_QUOTE,
        customer.OrderCancelled,
        customer.QuoteCompared,
        customer.CompetitorSeen,
        *get_args(PeopleEvent),
        *get_args(GuardEvent),
    }
)
TYPES: Final = frozenset(map(type_of, EVALUATED))
OF_CUSTOMERS: Final = frozenset(name for name, event in EVENT_TYPES.items() if event not in CONFIGURATION)
READER: Final = FactReader(TOPICS)


class Received(NamedTuple):
    """A fact, and its event if the engine evaluates it."""

    fact: Fact
    envelope: Envelope[Any] | None


def read(topic: str, record: CloudEvent) -> Received:
    """Read a record. Raises UndecodableError if it does not have the shape of its contract."""
    fact = READER.read(topic, record)
    return Received(fact, decode(record) if is_evaluated(fact.type, is_imported=fact.batch is not None) else None)


def is_evaluated(fact_type: str, *, is_imported: bool) -> bool:
    """Return whether the engine evaluates a fact. An import of any kind delays the alerts of its customers."""
    return fact_type in TYPES or (is_imported and fact_type in OF_CUSTOMERS)


def envelopes_of(received: Sequence[Received]) -> list[Envelope[Any]]:
    return [each.envelope for each in received if each.envelope is not None]
