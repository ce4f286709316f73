"""Builds Kafka records of the product for tests, and changes attributes of their values."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.kafka.cloudevents import STRUCTURED, CloudEvent, read
from chassis.kafka.records import Made, RecordWriter, Row
from chassis.store.mapper import EventMapper
from contracts.event import Envelope
from contracts.example_records import EXAMPLE_EPOCH, EXAMPLE_URL
from contracts.watermark import Watermark

SOURCE = "/care/customer"
EPOCH = UUID(EXAMPLE_EPOCH)


def writer(source: str = SOURCE, epoch: UUID = EPOCH) -> RecordWriter:
    return RecordWriter(source, EXAMPLE_URL, epoch)


def row_of(envelope: Envelope[Any]) -> Row:
    """Return the row of the event table in which the store keeps an event."""
    new = EventMapper().to_new_event(envelope)
    return {
        "position": envelope.position,
        "stream_id": envelope.stream_id,
        "version": envelope.version,
        "subject": envelope.subject,
        "type": new.topic,
        "state": new.state,
        "recorded_at": envelope.recorded_at,
    }


def record_of(
    envelope: Envelope[Any], previous_position: int = 0, *, source: str = SOURCE, epoch: UUID = EPOCH
) -> Made:
    return writer(source, epoch).record_of(row_of(envelope), previous_position)


def value_of(envelope: Envelope[Any], previous_position: int = 0) -> bytes:
    return record_of(envelope, previous_position)[1]


def changed(value: bytes, **changes: Any) -> bytes:
    """Return the value of a record with changed attributes; None leaves an attribute out."""
    attributes = {name: text for name, text in (json.loads(value) | changes).items() if text is not None}
    return json.dumps(attributes).encode()


def watermark(until: datetime, position: int, *, partition: int = 0, event_id: UUID | None = None) -> Made:
    mark = Watermark(partition=partition, position=position, event_id=event_id, complete_until=until)
    return writer().watermark(mark)


def received(value: bytes | None) -> CloudEvent:
    """Return the attributes of a value as a reader gets them."""
    return read(STRUCTURED, value)
