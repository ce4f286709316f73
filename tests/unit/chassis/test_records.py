"""Records are built from stored rows without changes; an unreadable row raises and gets a placeholder."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kafka.cloudevents import decode
from chassis.kafka.records import Made, UnreadableRowError, event_id_of, time_text
from chassis.store.append import MAX_EVENT_BYTES
from chassis.store.mapper import EventMapper
from contracts import customer
from contracts.event import Event
from contracts.examples import EXAMPLES, METADATA, example, example_envelope
from contracts.types import utc_text
from tests.support.records import received, record_of, row_of, value_of, writer

STREAM, SUBJECT = UUID(int=1), UUID(int=2)
RECORDED_AT = datetime(2024, 6, 3, 9, tzinfo=UTC)
STATE = EventMapper().to_new_event(example_envelope(example(customer.Registered))).state


def row(state: bytes) -> dict[str, Any]:
    return {
        "position": 9,
        "stream_id": STREAM,
        "version": 3,
        "subject": SUBJECT,
        "type": "care.customer.registered.v1",
        "state": state,
        "recorded_at": RECORDED_AT,
    }


def made_of(state: bytes) -> Made:
    return writer().record_of(row(state), 8)


@pytest.mark.parametrize("event", EXAMPLES.values(), ids=lambda event: type(event).__name__)
def test_the_value_ends_with_the_event_data_as_stored(event: Event) -> None:
    data = event.model_dump_json(exclude_none=True).encode()
    assert value_of(example_envelope(event)).endswith(b',"data":' + data + b"}")


def test_texts_that_look_like_the_state_format_change_nothing() -> None:
    tricky = METADATA.model_copy(update={"correlation_id": '"},"data":{"type":'})
    envelope = example_envelope(example(customer.Registered), metadata=tricky)
    assert decode(received(record_of(envelope)[1])) == envelope


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"{",
        b'{broken,"data":{}}',
        b'{"data":{}}',
        b'{"id":"x","data":{}}',
        b'{"id":1,"time":"x","actor":"a","correlationid":"c","data":{}}',
        b'{"id":"x","time":"x","actor":7,"correlationid":"c","data":{}}',
        b'{"id":"x","time":"x","actor":"a","correlationid":"c"}',
        b'{"id":"x","time":"x","actor":"a","correlationid":"c","data":{}',
        b'{"id":"\xff","time":"x","actor":"a","correlationid":"c","data":{}}',
        b'["id","data":{}]',
        b' {"id":"x","time":"x","actor":"a","correlationid":"c","data":{}}',
    ],
)
def test_an_invalid_state_raises(state: bytes) -> None:
    with pytest.raises(UnreadableRowError):
        made_of(state)


def test_a_state_too_large_for_the_broker_raises() -> None:
    frame = STATE.split(b',"data":')[0] + b',"data":"%b"}'
    fits = frame % (b"x" * (MAX_EVENT_BYTES - len(frame % b"")))
    assert len(fits) == MAX_EVENT_BYTES
    made_of(fits)
    with pytest.raises(UnreadableRowError):
        made_of(fits.replace(b"xx", b"xxx", 1))


def test_a_placeholder_has_the_position_and_the_customer_and_no_data() -> None:
    broken = row(b"{broken")
    key, value, _ = writer().placeholder_of(broken, 8)
    attributes = json.loads(value)
    assert key == str(SUBJECT).encode()
    assert (attributes["position"], attributes["prevposition"], attributes["streamid"]) == ("9", "8", str(STREAM))
    assert attributes["recordedtime"] == "2024-06-03T09:00:00Z"
    assert attributes["id"] == event_id_of(broken)
    assert "data" not in attributes


def test_the_id_of_a_row_is_that_of_its_record() -> None:
    envelope = example_envelope(example(customer.Registered))
    assert event_id_of(row_of(envelope)) == str(envelope.id)


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_of_rows_are_written_like_all_other_times(at: datetime) -> None:
    assert time_text(at) == utc_text(at).encode()
