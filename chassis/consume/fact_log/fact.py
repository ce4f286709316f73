"""A fact: one published event as a row of the fact log."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

import msgspec
from asyncpg.pgproto.pgproto import UUID  # the standard library's, made eight times as fast

from chassis.kafka.cloudevents import CloudEvent, UndecodableError, instant, parse_position
from contracts.structs import DECODERS
from contracts.topics import Topic

T = TypeVar("T")
OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Fact(NamedTuple):
    """The fields are the columns of the table `fact`, in their order. `data` is the published JSON object."""

    feed: str
    position: int
    customer_id: UUID
    stream_id: UUID
    version: int
    type: str
    event_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    batch: UUID | None
    data: msgspec.Raw


class FactReader:
    """Reads records of some topics as facts. The feed of a fact is the service that owns its topic."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        self._feeds = {topic.name: topic.owner for topic in topics}

    def read(self, topic: str, record: CloudEvent) -> Fact:
        """Return the fact of a record. Raises UndecodableError if it does not have the shape of its contract."""
        check_data(record)
        try:
            return Fact(
                self._feeds[topic],
                required(parse_position(record.position)),
                UUID(record.subject),
                UUID(record.streamid),
                required(parse_position(record.sequence)),
                record.type,
                UUID(record.id),
                instant(record.time),
                instant(record.recordedtime),
                required(record.actor or None),
                UUID(record.batchid) if record.batchid else None,
                record.data,
            )
        except ValueError as error:
            raise UndecodableError(f"{record.type} lacks a valid attribute: {type(error).__name__}") from error


def check_data(record: CloudEvent) -> None:
    """Check the data against the contract of its type; data of an unknown type must be a JSON object."""
    if not record.type:
        raise UndecodableError("the record is not a CloudEvent in structured mode, or has no type")
    try:
        DECODERS.get(record.type, OBJECT).decode(record.data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UndecodableError(f"{record.type} does not fit its schema") from error


def required(value: T | None) -> T:
    if value is None:
        raise ValueError("a value is missing")
    return value
