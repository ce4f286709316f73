"""What the alerts service evaluates, and what it only stores."""

from dataclasses import replace
from uuid import uuid4

import pytest

from contracts.event import Event, Origin
from contracts.examples import example, example_envelope
from contracts.topics import CONFIGURATION, CUSTOMER_EVENTS, FOLLOWUP_EVENTS
from services.alerts.detection.received import EVALUATED, TOPICS, read
from services.alerts.engine.facts import Facts
from services.alerts.engine.folds import evolve
from services.alerts.engine.occurrence import Occurrence
from tests.support.facts import TOPIC_OF, received_of
from tests.support.records import changed, received, value_of

ALL = [event for topic in TOPICS for event in topic.events]
IMPORTED = Origin(batch_id=uuid4(), row=2)


def test_the_topics_are_those_of_customer_and_followup() -> None:
    assert TOPICS == (CUSTOMER_EVENTS, FOLLOWUP_EVENTS)


@pytest.mark.parametrize("event", sorted(set(ALL) - EVALUATED, key=str))
def test_an_event_that_is_only_stored_would_change_nothing(event: type[Event]) -> None:
    envelope = example_envelope(example(event))
    known = Facts(registered=Occurrence(envelope.occurred_at, envelope.id), owner_id="wang", tier="vip")
    assert evolve(known, envelope) == known
    (stored,) = received_of([envelope])
    assert (stored.fact.type, stored.envelope) == (event.model_fields["type"].default, None)


@pytest.mark.parametrize("event", ALL)
def test_an_imported_event_of_any_type_is_evaluated_if_it_concerns_a_customer(event: type[Event]) -> None:
    envelope = example_envelope(example(event))
    imported = replace(envelope, metadata=envelope.metadata.model_copy(update={"origin": IMPORTED}))
    (stored,) = received_of([imported])
    assert (stored.envelope is None) == (event in CONFIGURATION)


def test_an_event_of_an_unknown_type_is_stored() -> None:
    envelope = example_envelope(example(next(iter(EVALUATED))))
    value = changed(value_of(envelope), type="care.customer.from-the-future.v9")
    stored = read(TOPIC_OF[type(envelope.event)].name, received(value))
    assert (stored.fact.type, stored.envelope) == ("care.customer.from-the-future.v9", None)
