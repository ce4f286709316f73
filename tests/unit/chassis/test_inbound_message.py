"""Inbound messages: binary and structured mode, strict validation, errors without the data."""

import json
from typing import Any

import pytest

from chassis.consume.inbound_message import MAX_MESSAGE_BYTES, read_message
from chassis.kafka.cloudevents import UndecodableError
from contracts.cloudevents import CONTENT_TYPE
from contracts.inbound import INBOUND, OrderPlaced

HEADERS = {
    "ce_specversion": "1.0",
    "ce_id": "m-1",
    "ce_source": "erp",
    "ce_type": "care.inbound.order-placed.v1",
    "ce_time": "2024-06-01T09:00:00+08:00",
}
DATA = {
    "customer": {"system": "erp", "id": "K-1"},
    "order": {"system": "erp", "id": "SO-1"},
    "amount_minor": 12_800_000,
    "currency": "CNY",
}
SECRET = "王小明"


def told(data: dict[str, Any]) -> Any:
    return read_message(HEADERS, json.dumps(data).encode(), INBOUND).data


def test_binary_and_structured_mode_are_equivalent() -> None:
    structured = {name.removeprefix("ce_"): text for name, text in HEADERS.items()} | {"data": DATA}
    in_headers = read_message(HEADERS, json.dumps(DATA).encode(), INBOUND)
    in_one = read_message({"content-type": f"{CONTENT_TYPE}; charset=utf-8"}, json.dumps(structured).encode(), INBOUND)
    assert in_one.data == in_headers.data
    assert in_one.attributes == in_headers.attributes


def test_a_missing_time_of_occurrence_is_taken_from_the_message() -> None:
    found = told(DATA)
    assert isinstance(found, OrderPlaced)
    assert found.occurred_at is not None
    assert found.occurred_at.isoformat() == "2024-06-01T01:00:00+00:00"


def test_a_time_of_occurrence_in_the_data_is_kept() -> None:
    found = told(DATA | {"occurred_at": "2024-05-01T09:00:00+08:00"})
    assert found.occurred_at.isoformat() == "2024-05-01T01:00:00+00:00"


def test_the_digest_distinguishes_contents_under_one_id() -> None:
    first, again, other = (
        read_message(HEADERS, json.dumps(data).encode(), INBOUND).digest
        for data in (DATA, DATA, DATA | {"amount_minor": 1})
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("headers", "value", "sentence"),
    [
        (HEADERS, None, "the record has no value"),
        (HEADERS, b"{", "Not JSON"),
        (HEADERS, b'{"order": 1, "order": 2}', "A field name occurs twice in one object."),
        (HEADERS, b"\xff", "not UTF-8"),
        (HEADERS, b" " * (MAX_MESSAGE_BYTES + 1), "larger than 65536 bytes"),
        (HEADERS, b"[]", "data (model_type)"),
        (HEADERS | {"ce_type": "care.inbound.nothing.v1"}, b"{}", "not accepted"),
        (HEADERS | {"ce_id": ""}, b"{}", "id (string_too_short)"),
        ({"ce_type": "care.inbound.order-placed.v1"}, b"{}", "id (missing), source (missing), time (missing)"),
        ({"content-type": CONTENT_TYPE}, b"[]", "a structured CloudEvent must be an object"),
        (HEADERS, json.dumps(DATA | {"note": SECRET}).encode(), "note (extra_forbidden)"),
        (HEADERS, json.dumps(DATA | {SECRET: 1}).encode(), "invalid: ? (extra_forbidden)"),
        (HEADERS, json.dumps(DATA | {"a\0b": 1}).encode(), "invalid: ? (extra_forbidden)"),
        (HEADERS, json.dumps(DATA | {"\ud800": 1}).encode(), "invalid: data (string_unicode)"),
        (HEADERS, json.dumps(DATA | {"13800001111": 1}).encode(), "invalid: ? (extra_forbidden)"),
        (HEADERS, json.dumps(DATA | {"currency": SECRET}).encode(), "currency (string_pattern_mismatch)"),
        (HEADERS, json.dumps(DATA | {"amount_minor": 12.5}).encode(), "amount_minor (int_type)"),
    ],
)
def test_an_invalid_field_is_named_and_its_value_not_repeated(
    headers: dict[str, str], value: bytes | None, sentence: str
) -> None:
    with pytest.raises(UndecodableError) as caught:
        read_message(headers, value, INBOUND)
    assert sentence in str(caught.value)
    assert SECRET not in str(caught.value)
