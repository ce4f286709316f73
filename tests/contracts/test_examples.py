"""Every event has one example, and tests may vary it without misspelling a field."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from contracts import examples
from contracts.event import Event
from contracts.examples import EXAMPLES, example, example_envelope
from contracts.followup import TaskScheduled
from contracts.topics import EVENT_TYPES

EVENTS = sorted(EVENT_TYPES.values(), key=lambda event: event.__name__)


def test_every_event_has_an_example_and_every_example_is_an_event() -> None:
    assert set(EXAMPLES) == set(EVENT_TYPES.values())


def test_no_event_has_two_examples() -> None:
    told = (examples.CUSTOMER, examples.FOLLOWUP, examples.CONFIGURATION, examples.ALERTS)
    assert len(EXAMPLES) == sum(map(len, told))


@pytest.mark.parametrize("event", EVENTS)
def test_an_example_survives_the_wire(event: type[Event]) -> None:
    text = EXAMPLES[event].model_dump_json(exclude_none=True)

    assert event.model_validate_json(text) == EXAMPLES[event]


def test_an_example_is_varied_by_the_field_a_test_is_about() -> None:
    due_at = datetime(2024, 7, 1, 9, 0, tzinfo=UTC)

    task = example(TaskScheduled, due_at=due_at)

    assert task.due_at == due_at
    assert task.assignee_id == example(TaskScheduled).assignee_id


def test_a_misspelt_change_is_an_error() -> None:
    with pytest.raises(TypeError, match="TaskScheduled has no field due"):
        example(TaskScheduled, due="2024-07-01")


def test_a_changed_example_is_checked() -> None:
    with pytest.raises(ValidationError):
        example(TaskScheduled, due_at="tomorrow")


def test_an_envelope_is_varied_in_the_same_way() -> None:
    envelope = example_envelope(example(TaskScheduled), version=3)

    assert envelope.version == 3
    assert envelope.stream_id == examples.TASK_ID
    assert envelope.subject == examples.CUSTOMER_ID
