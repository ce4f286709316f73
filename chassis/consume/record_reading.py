"""Reads records of a topic: attributes, positions, watermarks, and the decoded event."""

import uuid
from datetime import datetime
from typing import Any

import structlog
from aiokafka import ConsumerRecord
from asyncpg.pgproto.pgproto import UUID  # the standard library's, made eight times as fast
from pydantic import ValidationError

from chassis.consume.delivery import UNKNOWN_CUSTOMER, Delivery
from chassis.consume.positions import NEVER, Source
from chassis.kafka.cloudevents import (
    CloudEvent,
    UndecodableError,
    UnknownTypeError,
    decode,
    instant,
    parse_position,
    read,
)
from contracts.watermark import Watermark


def watermark_of(record: ConsumerRecord[Any, Any]) -> tuple[str, Watermark] | None:
    """Return epoch and watermark of a record; None if it holds no watermark of ours."""
    event = read(record.headers, record.value)
    try:
        mark = Watermark.model_validate_json(bytes(event.data))
    except ValidationError:
        return None
    return (event.epoch, mark) if event.type == Watermark.TYPE and mark.partition == record.partition else None


def delivery_of(source: Source, event: CloudEvent, record: ConsumerRecord[Any, Any]) -> Delivery:
    """Decode a record; if it cannot be decoded, the delivery has a problem.

    A record without positions was not sent by our relay: its position is its negative offset, and its customer is
    UNKNOWN_CUSTOMER, so that no real customer is parked because of it.
    """
    position, previous = parse_position(event.position), parse_position(event.prevposition)
    if position is None or previous is None:
        place = -record.offset - 1
        return Delivery(source, place, 0, UNKNOWN_CUSTOMER, {}, record.value, None, "the record names no position")
    envelope, problem = decoded(event)
    subject = subject_of(event, record)
    return Delivery(source, position, previous, subject, {}, record.value, envelope, problem)


def decoded(event: CloudEvent) -> tuple[Any, str | None]:
    """Return the envelope, or the problem of a record that will be parked; neither for an unknown event type."""
    try:
        return decode(event), None
    except UnknownTypeError as error:
        structlog.get_logger().info("consumer.unknown_type", type=str(error))
        return None, None
    except UndecodableError as error:
        return None, str(error)


def recorded_at(event: CloudEvent) -> datetime:
    """Return when the event was recorded, or NEVER if the record does not say so."""
    try:
        return instant(event.recordedtime)
    except ValueError:
        return NEVER


def uuid_or_none(text: str) -> uuid.UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def subject_of(event: CloudEvent, record: ConsumerRecord[Any, Any]) -> uuid.UUID:
    key = (record.key or b"").decode(errors="replace")
    return uuid_or_none(event.subject) or uuid_or_none(key) or UNKNOWN_CUSTOMER
