"""Maps events to stored rows and back, with the library's Mapper and Transcoder. Class names are never stored."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Union
from uuid import UUID

from eventsourcing.persistence import Mapper, MapperDeserialisationError, Notification, StoredEvent, Transcoder
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.event import Envelope, Metadata
from contracts.topics import EVENT_TYPES


@dataclass(frozen=True)
class NewEvent(StoredEvent):
    """The library's stored event with the customer it concerns."""

    subject: UUID


@dataclass(frozen=True)
class RecordedEvent(Notification):
    """The library's notification with the customer it concerns and the time it was recorded."""

    subject: UUID
    recorded_at: datetime


class State(BaseModel):
    """The content of the `state` column: the fields of the envelope that have no column of their own."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    occurred_at: datetime
    metadata: Metadata
    data: Annotated[Union[tuple(EVENT_TYPES.values())], Field(discriminator="type")]  # type: ignore[valid-type]  # noqa: UP007


class BrokenStateError(MapperDeserialisationError):
    """This build cannot read the state of this row."""


class PydanticTranscoder(Transcoder):
    """Encodes and decodes states as JSON bytes with pydantic."""

    def encode(self, obj: State) -> bytes:
        return obj.model_dump_json(exclude_none=True).encode()

    def decode(self, data: bytes) -> State:
        return State.model_validate_json(data)


class EventMapper(Mapper[UUID]):
    """Maps envelopes to rows and back. An unknown event type raises an error and never imports a class."""

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

    def to_envelope(self, row: RecordedEvent) -> Envelope[Any]:
        """Decode a row. Raises BrokenStateError, or MapperDeserialisationError for an unknown event type."""
        if row.topic not in EVENT_TYPES:
            raise MapperDeserialisationError(f"no event type {row.topic} at position {row.id}")
        try:
            state: State = self.transcoder.decode(row.state)
        except ValidationError as error:
            raise BrokenStateError(f"position {row.id}: {error.error_count()} fields do not fit") from error
        if state.data.type != row.topic:
            raise BrokenStateError(f"position {row.id}: the type in its state is not {row.topic}")
        stream_id = row.originator_id
        return Envelope(
            id=state.id,
            subject=row.subject,
            stream_id=stream_id if isinstance(stream_id, UUID) else UUID(str(stream_id)),
            version=row.originator_version,
            position=row.id,
            occurred_at=state.occurred_at,
            recorded_at=row.recorded_at,
            metadata=state.metadata,
            event=state.data,
        )
