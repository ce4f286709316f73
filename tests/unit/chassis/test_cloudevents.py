"""Records are CloudEvents that other libraries read; records of others are decoded or rejected with a reason."""

import json
from typing import Any
from uuid import UUID

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat

from chassis.kafka.cloudevents import UndecodableError, UnknownTypeError, decode, encode_watermark, read_headers
from chassis.kafka.records import encode
from contracts import customer
from contracts.event import Event, Origin
from contracts.examples import CAUSE_ID, CUSTOMER_ID, EXAMPLES, METADATA, RECORDED_AT, example, example_envelope

SOURCE = "/care/customer"
CANARY = "canary-王小明"
REGISTERED = example_envelope(example(customer.Registered))


def headers_of(**changes: str | None) -> dict[str, str]:
    """Return the headers of a registration, with changes; None leaves a header out."""
    _, _, pairs = encode(REGISTERED, source=SOURCE, previous_position=0)
    changed = read_headers(pairs) | changes
    return {name: value for name, value in changed.items() if value is not None}


def value_of(event: Event = REGISTERED.event) -> bytes:
    return encode(example_envelope(event), source=SOURCE, previous_position=0)[1]


@pytest.mark.parametrize("event", EXAMPLES.values(), ids=lambda event: type(event).__name__)
def test_every_event_survives_encoding_and_decoding(event: Event) -> None:
    envelope = example_envelope(event)
    key, value, pairs = encode(envelope, source=SOURCE, previous_position=0)
    assert decode(read_headers(pairs), value) == envelope
    assert key == str(CUSTOMER_ID).encode()


@pytest.mark.parametrize("event", EXAMPLES.values(), ids=lambda event: type(event).__name__)
def test_the_cloudevents_library_reads_every_record(event: Event) -> None:
    envelope = example_envelope(event)
    key, value, pairs = encode(envelope, source=SOURCE, previous_position=7)
    read = from_binary(KafkaMessage(dict(pairs), key, value), JSONFormat())
    assert (read.get_id(), read.get_type(), read.get_source()) == (str(envelope.id), event.type, SOURCE)
    assert (read.get_specversion(), read.get_subject()) == ("1.0", str(CUSTOMER_ID))
    assert (read.get_time(), read.get_datacontenttype()) == (envelope.occurred_at, "application/json")
    assert read.get_dataschema() == f"/schemas/{event.type}.json"
    assert (read.get_extension("sequence"), read.get_extension("prevposition")) == ("1", "7")
    assert read.get_data() == json.loads(value)


@pytest.mark.parametrize("event", EXAMPLES.values(), ids=lambda event: type(event).__name__)
def test_records_of_the_cloudevents_library_are_decoded(event: Event) -> None:
    envelope = example_envelope(event)
    _, value, pairs = encode(envelope, source=SOURCE, previous_position=0)
    written = to_binary(from_binary(KafkaMessage(dict(pairs), None, value), JSONFormat()), JSONFormat())
    assert decode(read_headers(list(written.headers.items())), written.value) == envelope


def test_all_metadata_of_an_event_is_encoded() -> None:
    metadata = METADATA.model_copy(
        update={
            "causation_id": CAUSE_ID,
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "origin": Origin(batch_id=UUID(int=1), row=7),
        }
    )
    envelope = example_envelope(REGISTERED.event, metadata=metadata, version=12, position=345)
    _, value, pairs = encode(envelope, source=SOURCE, previous_position=344)
    assert decode(read_headers(pairs), value) == envelope


def test_an_unknown_field_is_ignored() -> None:
    value = json.dumps(json.loads(value_of()) | {"colour": "red"}).encode()
    assert decode(headers_of(ce_newfield="x"), value).event == REGISTERED.event


def test_an_unknown_type_is_not_undecodable() -> None:
    with pytest.raises(UnknownTypeError):
        decode(headers_of(ce_type="care.customer.married.v1"), value_of())


@pytest.mark.parametrize("name", ["ce_id", "ce_subject", "ce_streamid", "ce_sequence", "ce_position", "ce_time"])
@pytest.mark.parametrize("value", [None, "", CANARY])
def test_a_record_with_an_invalid_header_is_rejected(name: str, value: str | None) -> None:
    with pytest.raises(UndecodableError):
        decode(headers_of(**{name: value}), value_of())


@pytest.mark.parametrize("name", ["ce_type", "ce_recordedtime", "ce_actor", "ce_correlationid"])
def test_a_record_without_a_required_header_is_rejected(name: str) -> None:
    with pytest.raises(UndecodableError):
        decode(headers_of(**{name: None}), value_of())


@pytest.mark.parametrize(
    "changes",
    [
        {"ce_causationid": "x"},
        {"ce_batchid": "x", "ce_batchrow": "1"},
        {"ce_batchid": str(UUID(int=1))},
        {"ce_batchid": str(UUID(int=1)), "ce_batchrow": "0"},
        {"ce_actor": "x" * 65},
    ],
)
def test_an_invalid_header_is_rejected(changes: dict[str, str]) -> None:
    with pytest.raises(UndecodableError):
        decode(headers_of(**changes), value_of())


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff",
        b'{"kind": "king"}',
        f'{{"kind": "{CANARY}"}}'.encode(),
        b'{"kind": NaN}',
        b"[" * 100_000,
        '{"kind": "company"}'.encode("utf-16"),
    ],
)
def test_a_broken_value_is_rejected_and_its_content_not_repeated(value: bytes | None) -> None:
    with pytest.raises(UndecodableError) as raised:
        decode(headers_of(), value)
    assert CANARY not in str(raised.value)


def test_the_value_of_another_type_is_rejected() -> None:
    with pytest.raises(UndecodableError):
        decode(headers_of(), value_of(example(customer.TierChanged)))


@pytest.mark.parametrize("value", [b"\xff", None])
def test_a_header_that_is_not_text_is_rejected(value: Any) -> None:
    with pytest.raises(UndecodableError):
        read_headers([("ce_type", value)])


def test_a_watermark_is_a_cloudevent_of_a_type_that_readers_skip() -> None:
    value, pairs = encode_watermark(RECORDED_AT, source=SOURCE)
    read = from_binary(KafkaMessage(dict(pairs), None, value), JSONFormat())
    assert (read.get_type(), read.get_time()) == ("care.watermark.v1", RECORDED_AT)
    with pytest.raises(UnknownTypeError):
        decode(read_headers(pairs), value)
