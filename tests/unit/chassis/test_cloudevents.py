"""Records are CloudEvents that other libraries read; records of others are decoded or rejected with a reason."""

import json
from typing import Any
from uuid import UUID

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_structured, to_structured
from cloudevents.core.formats.json import JSONFormat

from chassis.kafka.cloudevents import NOTHING, STRUCTURED, UndecodableError, UnknownTypeError, decode, read
from contracts import customer
from contracts.event import Event, Origin
from contracts.examples import CAUSE_ID, CUSTOMER_ID, EXAMPLES, METADATA, RECORDED_AT, example, example_envelope
from tests.support.records import EPOCH, SOURCE, changed, received, record_of, value_of, watermark

CANARY = "canary-王小明"
REGISTERED = example_envelope(example(customer.Registered))
VALUE = value_of(REGISTERED)
DATA = REGISTERED.event.model_dump(mode="json", exclude_none=True)


@pytest.mark.parametrize("event", EXAMPLES.values(), ids=lambda event: type(event).__name__)
def test_every_event_survives_encoding_and_decoding(event: Event) -> None:
    envelope = example_envelope(event)
    key, value, headers = record_of(envelope)
    assert decode(read(headers, value)) == envelope
    assert (key, headers) == (str(CUSTOMER_ID).encode(), STRUCTURED)


@pytest.mark.parametrize("event", EXAMPLES.values(), ids=lambda event: type(event).__name__)
def test_the_cloudevents_library_reads_every_record(event: Event) -> None:
    envelope = example_envelope(event)
    key, value, headers = record_of(envelope, 7)
    read = from_structured(KafkaMessage(dict(headers), key, value), JSONFormat())
    assert (read.get_id(), read.get_type(), read.get_source()) == (str(envelope.id), event.type, SOURCE)
    assert (read.get_specversion(), read.get_subject()) == ("1.0", str(CUSTOMER_ID))
    assert (read.get_time(), read.get_datacontenttype()) == (envelope.occurred_at, "application/json")
    assert read.get_dataschema() == f"https://customer.care.example.com/schemas/{event.type}.json"
    assert (read.get_extension("sequence"), read.get_extension("prevposition")) == ("1", "7")
    assert read.get_extension("epoch") == str(EPOCH)
    assert read.get_data() == event.model_dump(mode="json", exclude_none=True)


@pytest.mark.parametrize("event", EXAMPLES.values(), ids=lambda event: type(event).__name__)
def test_records_of_the_cloudevents_library_are_decoded(event: Event) -> None:
    envelope = example_envelope(event)
    key, value, headers = record_of(envelope)
    written = to_structured(from_structured(KafkaMessage(dict(headers), key, value), JSONFormat()), JSONFormat())
    assert decode(received(written.value)) == envelope


def test_all_metadata_of_an_event_is_encoded() -> None:
    metadata = METADATA.model_copy(
        update={
            "causation_id": CAUSE_ID,
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "origin": Origin(batch_id=UUID(int=1), row=7),
        }
    )
    envelope = example_envelope(REGISTERED.event, metadata=metadata, version=12, position=345)
    assert decode(received(value_of(envelope, 344))) == envelope


def test_unknown_attributes_and_fields_are_ignored() -> None:
    value = changed(VALUE, newfield="x", data=DATA | {"colour": "red"})
    assert decode(received(value)).event == REGISTERED.event


def test_an_unknown_type_is_not_undecodable() -> None:
    with pytest.raises(UnknownTypeError):
        decode(received(changed(VALUE, type="care.customer.married.v1")))


@pytest.mark.parametrize("name", ["id", "subject", "streamid", "sequence", "position", "time", "recordedtime"])
@pytest.mark.parametrize("value", [None, "", CANARY])
def test_a_record_with_an_invalid_attribute_is_rejected(name: str, value: str | None) -> None:
    with pytest.raises(UndecodableError) as raised:
        decode(received(changed(VALUE, **{name: value})))
    assert CANARY not in str(raised.value)


@pytest.mark.parametrize("name", ["type", "actor", "correlationid", "data"])
def test_a_record_without_a_required_attribute_is_rejected(name: str) -> None:
    with pytest.raises(UndecodableError):
        decode(received(changed(VALUE, **{name: None})))


@pytest.mark.parametrize(
    "changes",
    [
        {"causationid": "x"},
        {"batchid": "x", "batchrow": "1"},
        {"batchid": str(UUID(int=1))},
        {"batchid": str(UUID(int=1)), "batchrow": "0"},
        {"actor": "x" * 65},
    ],
)
def test_an_invalid_optional_attribute_is_rejected(changes: dict[str, str]) -> None:
    with pytest.raises(UndecodableError):
        decode(received(changed(VALUE, **changes)))


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff",
        b'{"type": 7}',
        b'{"type": "\xff"}',
        b"[" * 100_000,
        b'{"data":' + b"[" * 100_000,
        '{"type": "care.customer.registered.v1"}'.encode("utf-16"),
    ],
)
def test_a_value_that_is_no_cloudevent_has_no_attributes(value: bytes | None) -> None:
    assert received(value) == NOTHING
    with pytest.raises(UndecodableError):
        decode(NOTHING)


@pytest.mark.parametrize("data", [None, [], "x", 7, {"kind": "king"}, {"kind": CANARY}])
def test_broken_data_is_rejected_and_its_content_not_repeated(data: Any) -> None:
    with pytest.raises(UndecodableError) as raised:
        decode(received(json.dumps(json.loads(VALUE) | {"data": data}).encode()))
    assert CANARY not in str(raised.value)


def test_the_data_of_another_type_is_rejected() -> None:
    other = example(customer.TierChanged).model_dump(mode="json", exclude_none=True)
    with pytest.raises(UndecodableError):
        decode(received(changed(VALUE, data=other)))


@pytest.mark.parametrize("headers", [[], [("content-type", b"application/json")], [("ce_type", b"\xff")]])
def test_a_record_that_is_not_in_structured_mode_has_no_attributes(headers: list[tuple[str, bytes]]) -> None:
    assert read(headers, VALUE) == NOTHING


def test_a_watermark_is_a_cloudevent_of_a_type_that_readers_skip() -> None:
    key, value, headers = watermark(RECORDED_AT, 7, partition=3)
    event = from_structured(KafkaMessage(dict(headers), key, value), JSONFormat())
    assert (key, event.get_type(), event.get_time()) == (b"3", "care.watermark.v1", RECORDED_AT)
    with pytest.raises(UnknownTypeError):
        decode(received(value))
