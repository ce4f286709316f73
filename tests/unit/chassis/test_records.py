"""Records are built from stored rows without changes; an unreadable row raises and gets a placeholder."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from chassis.kafka.cloudevents import decode, read_headers
from chassis.kafka.records import UnreadableRowError, encode, placeholder_of, record_of
from chassis.store.append import MAX_EVENT_BYTES
from chassis.store.mapper import EventMapper
from contracts import customer
from contracts.event import Event
from contracts.examples import EXAMPLES, METADATA, example, example_envelope

STREAM, SUBJECT = UUID(int=1), UUID(int=2)
RECORDED_AT = datetime(2024, 6, 3, 9, tzinfo=UTC)


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


def made_of(state: bytes) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    return record_of(row(state), source=b"/care/customer", previous_position=8)


@pytest.mark.parametrize("event", EXAMPLES.values(), ids=lambda event: type(event).__name__)
def test_the_value_is_the_event_data_as_stored(event: Event) -> None:
    _, value, _ = encode(example_envelope(event), source="/care/x", previous_position=0)
    assert value == event.model_dump_json(exclude_none=True).encode()


def test_texts_that_look_like_the_state_format_change_nothing() -> None:
    tricky = METADATA.model_copy(update={"correlation_id": ',"data":{"type":'})
    envelope = example_envelope(example(customer.Registered), metadata=tricky)
    _, value, headers = encode(envelope, source="/care/customer", previous_position=0)
    assert decode(read_headers(headers), value) == envelope


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"{",
        b'{broken,"data":{}}',
        b'{"data":{}}',
        b'{"id":"x","data":{}}',
        b'{"id":1,"occurred_at":"x","metadata":{"actor":"a","correlation_id":"c"},"data":{}}',
        b'{"id":"x","occurred_at":"x","metadata":7,"data":{}}',
        b'{"id":"x","occurred_at":"x","metadata":{"actor":"a","correlation_id":"c","origin":{"row":1}},"data":{}}',
        b'["id","data":{}]',
    ],
)
def test_an_invalid_state_raises(state: bytes) -> None:
    with pytest.raises(UnreadableRowError):
        made_of(state)


def test_a_value_too_large_for_the_broker_raises() -> None:
    about = EventMapper().to_new_event(example_envelope(example(customer.Registered))).state.split(b',"data":')[0]
    fits = about + b',"data":"' + b"x" * (MAX_EVENT_BYTES - 2) + b'"}'
    assert len(made_of(fits)[1]) == MAX_EVENT_BYTES
    with pytest.raises(UnreadableRowError):
        made_of(fits.replace(b"xx", b"xxx", 1))


def test_a_placeholder_has_the_position_and_the_customer() -> None:
    key, value, pairs = placeholder_of(row(b"{broken"), source=b"/care/customer", previous_position=8)
    headers = read_headers(pairs)
    assert (key, value) == (str(SUBJECT).encode(), None)
    assert (headers["ce_position"], headers["ce_prevposition"], headers["ce_streamid"]) == ("9", "8", str(STREAM))
    assert headers["ce_recordedtime"] == "2024-06-03T09:00:00Z"
