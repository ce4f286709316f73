"""Reads records of a topic: attributes, positions, watermarks, and the decoded event."""

import uuid
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
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
from contracts.event import Envelope
from contracts.watermark import Watermark

CACHED_EPOCHS = 64
# Decodes a record of a topic. Raises UnknownTypeError or UndecodableError.
Decode = Callable[[str, CloudEvent], Any]


def envelope_of(_topic: str, record: CloudEvent) -> Envelope[Any]:
    """Decode a record as an envelope with its event."""
    return decode(record)


def watermark_of(record: ConsumerRecord[Any, Any]) -> tuple[str, Watermark] | None:
    """Return epoch and watermark of a record; None if it holds no watermark of ours."""
    event = read(record.headers, record.value)
    try:
        mark = Watermark.model_validate_json(bytes(event.data))
    except ValidationError:
        return None
    return (event.epoch, mark) if event.type == Watermark.TYPE and mark.partition == record.partition else None


def delivery_of(source: Source, record: CloudEvent, received: ConsumerRecord[Any, Any], reader: Decode) -> Delivery:
    """Decode a record; if it cannot be decoded, the delivery has a problem.

    A record without positions was not sent by our relay: its position is its negative offset, and its customer is
    UNKNOWN_CUSTOMER, so that no real customer is parked because of it.
    """
    position, previous = parse_position(record.position), parse_position(record.prevposition)
    if position is None or previous is None:
        place = -received.offset - 1
        return Delivery(source, place, 0, UNKNOWN_CUSTOMER, {}, received.value, None, "the record names no position")
    event, problem = decoded(source, record, reader)
    subject = subject_of(record, received)
    return Delivery(source, position, previous, subject, {}, received.value, event, problem, record.traceparent)


def decoded(source: Source, record: CloudEvent, reader: Decode) -> tuple[Any, str | None]:
    """Return the event, or the problem of a record that will be parked; neither for an unknown event type."""
    try:
        return reader(source.topic, record), None
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


@lru_cache(maxsize=CACHED_EPOCHS)
def epoch_of(text: str) -> uuid.UUID | None:
    """Return the epoch that a record names. Cached, because all records of a store have the same one."""
    return uuid_or_none(text)


def uuid_or_none(text: str) -> uuid.UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def subject_of(record: CloudEvent, received: ConsumerRecord[Any, Any]) -> uuid.UUID:
    key = (received.key or b"").decode(errors="replace")
    return uuid_or_none(record.subject) or uuid_or_none(key) or UNKNOWN_CUSTOMER
