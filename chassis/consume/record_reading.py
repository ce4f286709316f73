"""Reads records of a topic: headers, positions, watermark, and the decoded event."""

import uuid
from datetime import datetime
from typing import Any

import structlog
from aiokafka import ConsumerRecord
from asyncpg.pgproto.pgproto import UUID  # the standard library's, made eight times as fast
from pydantic import ValidationError

from chassis.consume.delivery import UNKNOWN_CUSTOMER, Delivery
from chassis.consume.positions import NEVER, Source
from chassis.kafka.cloudevents import UndecodableError, UnknownTypeError, Watermark, decode, read_headers
from chassis.kafka.position_headers import parse_position


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
    """Decode a record; if it cannot be decoded, the delivery has a problem.

    A record without positions was not sent by our relay: its position is its negative offset, and its customer is
    UNKNOWN_CUSTOMER, so that no real customer is parked because of it.
    """
    position, previous = parse_position(headers.get("ce_position", "")), previous_of(headers)
    if position is None or previous is None:
        problem = "the record names no position"
        return Delivery(source, -record.offset - 1, 0, UNKNOWN_CUSTOMER, headers, record.value, None, problem)
    subject = subject_of(headers, record)
    return deliver(source, position, previous, subject, headers, record.value)


def deliver(
    source: Source, position: int, previous: int, subject: uuid.UUID, headers: dict[str, str], value: bytes | None
) -> Delivery:
    """Decode a record; if it cannot be decoded, the delivery has a problem and will be parked."""
    envelope, problem = None, None
    try:
        envelope = decode(headers, value)
    except UnknownTypeError as error:
        structlog.get_logger().info("consumer.unknown_type", type=str(error))
    except UndecodableError as error:
        problem = str(error)
    return Delivery(source, position, previous, subject, headers, value, envelope, problem)


def previous_of(headers: dict[str, str]) -> int | None:
    return parse_position(headers.get("ce_prevposition", "0"))


def subject_of(headers: dict[str, str], record: ConsumerRecord[Any, Any]) -> uuid.UUID:
    for text in (headers.get("ce_subject", ""), (record.key or b"").decode(errors="replace")):
        try:
            return UUID(text)
        except ValueError:
            continue
    return UNKNOWN_CUSTOMER
