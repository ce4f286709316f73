"""Between events and stored rows: the library's Mapper and Transcoder, told to trust no class path."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from eventsourcing.persistence import (
    Mapper,
    MapperDeserialisationError,
    Notification,
    StoredEvent,
    Transcoder,
)
from pydantic import BaseModel, ConfigDict, SerializeAsAny, ValidationError

from chassis.cloudevents import Headers
from contracts.event import Envelope, Event, Metadata
from contracts.topics import EVENT_TYPES


@dataclass(frozen=True)
class NewEvent(StoredEvent):
    """The library's stored event, and the customer it concerns."""

    subject: UUID


@dataclass(frozen=True)
class RecordedEvent(Notification):
    """The library's notification, with what our store adds."""

    subject: UUID
    recorded_at: datetime


class State(BaseModel):
    """What the `state` column holds: everything of the envelope that has no column of its own."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    occurred_at: datetime
    metadata: Metadata
    data: SerializeAsAny[Event]


class RawState(BaseModel):
    """The same, read: the class of `data` is chosen by the row's type, from our own list."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    occurred_at: datetime
    metadata: Metadata
    data: dict[str, Any]


class Opaque(Event):
    """A fact of a type that this build does not know, with everything that was stored."""

    model_config = ConfigDict(frozen=True, extra="allow")


class BrokenStateError(MapperDeserialisationError):
    """A row whose state cannot be read by any build."""


class PydanticTranscoder(Transcoder):
    """JSON by pydantic: bytes in, bytes out."""

    def encode(self, obj: State) -> bytes:
        return obj.model_dump_json(exclude_none=True).encode()

    def decode(self, data: bytes) -> RawState:
        return RawState.model_validate_json(data)


class EventMapper(Mapper[UUID]):
    """Maps envelopes to rows and back. A type outside `contracts` is an error, never an import."""

    def __init__(self) -> None:
        super().__init__(transcoder=PydanticTranscoder())

    def to_new_event(self, envelope: Envelope[Any]) -> NewEvent:
        state = State(id=envelope.id, occurred_at=envelope.occurred_at, metadata=envelope.metadata, data=envelope.event)
        return NewEvent(
            originator_id=envelope.stream_id,
            originator_version=envelope.version,
            topic=envelope.event.type,
            state=self.transcoder.encode(state),
            subject=envelope.subject,
        )

    def to_envelope(self, row: RecordedEvent, *, unknown: type[Event] | None = None) -> Envelope[Any]:
        """Decode a row; one of an unknown type as `unknown`.

        Raises BrokenStateError, or MapperDeserialisationError for an unknown type that nothing stands for.
        """
        event_class = EVENT_TYPES.get(row.topic, unknown)
        if event_class is None:
            raise MapperDeserialisationError(f"no event type {row.topic} at position {row.id}")
        try:
            raw: RawState = self.transcoder.decode(row.state)
            event = event_class.model_validate(raw.data)
        except ValidationError as error:
            raise BrokenStateError(f"position {row.id}: {error.error_count()} fields do not fit") from error
        return Envelope(
            id=raw.id,
            subject=row.subject,
            stream_id=UUID(str(row.originator_id)),
            version=row.originator_version,
            position=row.id,
            occurred_at=raw.occurred_at,
            recorded_at=row.recorded_at,
            metadata=raw.metadata,
            event=event,
        )


def encode_unreadable(row: RecordedEvent, *, source: str, previous_position: int) -> tuple[bytes, None, Headers]:
    """Return the record that keeps the place of a row which cannot be told: what its columns say, and no value."""
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid5(UUID(str(row.originator_id)), str(row.originator_version))),
        "ce_source": source,
        "ce_type": row.topic,
        "ce_subject": str(row.subject),
        "ce_time": row.recorded_at.isoformat(),
        "ce_recordedtime": row.recorded_at.isoformat(),
        "ce_streamid": str(row.originator_id),
        "ce_sequence": str(row.originator_version),
        "ce_position": str(row.id),
        "ce_prevposition": str(previous_position),
    }
    return str(row.subject).encode(), None, [(name, value.encode()) for name, value in attributes.items()]
