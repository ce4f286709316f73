"""What a record of a topic says: its headers, its place in the chain, and what it delivers."""

import uuid
from datetime import datetime
from typing import Any

from aiokafka import ConsumerRecord
from asyncpg.pgproto.pgproto import UUID  # the standard library's, made eight times as fast
from pydantic import ValidationError

from chassis.consume.applier import deliver
from chassis.consume.parking import UNKNOWN_CUSTOMER, Delivery
from chassis.consume.positions import NEVER, Source
from chassis.kafka.chain import number_of
from chassis.kafka.cloudevents import UndecodableError, Watermark, read_headers


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


def previous_of(headers: dict[str, str]) -> int | None:
    return number_of(headers.get("ce_prevposition", "0"))


def subject_of(headers: dict[str, str], record: ConsumerRecord[Any, Any]) -> uuid.UUID:
    for text in (headers.get("ce_subject", ""), (record.key or b"").decode(errors="replace")):
        try:
            return UUID(text)
        except ValueError:
            continue
    return UNKNOWN_CUSTOMER
