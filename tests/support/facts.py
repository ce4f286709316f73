"""Facts of events, read from the records that the relay would publish."""

from collections.abc import Iterable
from typing import Any

from chassis.consume.fact_log.fact import Fact, FactReader
from contracts.event import Envelope
from contracts.topics import EVENT_TOPICS
from services.alerts.detection.received import Received, read
from tests.support.records import received, value_of

TOPIC_OF = {event: topic for topic in EVENT_TOPICS for event in topic.events}
READER = FactReader(EVENT_TOPICS)


def fact_of(envelope: Envelope[Any]) -> Fact:
    return READER.read(TOPIC_OF[type(envelope.event)].name, received(value_of(envelope)))


def facts_of(envelopes: Iterable[Envelope[Any]]) -> list[Fact]:
    return [fact_of(envelope) for envelope in envelopes]


def received_of(envelopes: Iterable[Envelope[Any]]) -> list[Received]:
    """Return the events as the alerts service receives them."""
    return [read(TOPIC_OF[type(each.event)].name, received(value_of(each))) for each in envelopes]
