"""What a record of a topic says: its headers, its place in the chain, and what it delivers."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from aiokafka import ConsumerRecord
from asyncpg.pgproto.pgproto import UUID  # the standard library's, made eight times as fast
from pydantic import ValidationError

from chassis.consume.parking import UNKNOWN_CUSTOMER, Delivery
from chassis.consume.positions import NEVER, Source
from chassis.kafka.cloudevents import (
    Headers,
    UndecodableError,
    UnknownTypeError,
    Watermark,
    decode,
    read_headers,
)

# The longest numbers that are sure to fit into a bigint.
MAX_DIGITS = 18


def headers_of(record: ConsumerRecord[Any, Any]) -> dict[str, str]:
    try:
        return read_headers(record.headers)
    except UndecodableError:
        return {}


def complete_until(record: ConsumerRecord[Any, Any]) -> datetime:
    try:
        return Watermark.model_validate_json(record.value or b"").complete_until
    except ValidationError:
        return NEVER


def delivery_of(source: Source, headers: dict[str, str], record: ConsumerRecord[Any, Any]) -> Delivery:
    """Decode a record.

    One that names no position is none of our relay's: its offset, negated, tells it apart, and whatever
    customer it claims is not held back for it.
    """
    position, previous = number_of(headers.get("ce_position", "")), previous_of(headers)
    if position is None or previous is None:
        problem = "the record names no position"
        return Delivery(source, -record.offset - 1, 0, UNKNOWN_CUSTOMER, headers, record.value, None, problem)
    subject = subject_of(headers, record)
    return deliver(source, position, previous, subject, headers, record.value)


def deliver(
    source: Source, position: int, previous: int, subject: uuid.UUID, headers: dict[str, str], value: bytes | None
) -> Delivery:
    """Decode a record; what cannot be decoded is delivered with its problem, to be parked."""
    envelope, problem = None, None
    try:
        envelope = decode(headers, value)
    except UnknownTypeError as error:
        structlog.get_logger().info("consumer.unknown_type", type=str(error))
    except UndecodableError as error:
        problem = str(error)
    return Delivery(source, position, previous, subject, headers, value, envelope, problem)


def previous_of(headers: dict[str, str]) -> int | None:
    return number_of(headers.get("ce_prevposition", "0"))


def furthest_position(pairs: Headers) -> int:
    """Return the last position that a record knows to be published: its own, or the one a watermark names."""
    headers = dict(pairs)
    texts = [headers.get(name, b"").decode(errors="replace") for name in ("ce_position", "ce_prevposition")]
    return max(number_of(text) or 0 for text in texts)


def last_event(tail: Sequence[Headers], source: bytes) -> tuple[int, bytes] | None:
    """Return position and id of the last event among records, if there is one that `source` has published."""
    for headers in map(dict, reversed(tail)):
        position = number_of(headers.get("ce_position", b"").decode(errors="replace"))
        if position and headers.get("ce_source") == source and "ce_id" in headers:
            return position, headers["ce_id"]
    return None


def number_of(text: str) -> int | None:
    """Read a position; None for what no store could have written."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None


def subject_of(headers: dict[str, str], record: ConsumerRecord[Any, Any]) -> uuid.UUID:
    for text in (headers.get("ce_subject", ""), (record.key or b"").decode(errors="replace")):
        try:
            return UUID(text)
        except ValueError:
            continue
    return UNKNOWN_CUSTOMER
