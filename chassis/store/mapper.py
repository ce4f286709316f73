"""Maps events to stored rows and back, with the library's Mapper and Transcoder. Class names are never stored."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Union
from uuid import UUID

import msgspec
from eventsourcing.persistence import Mapper, MapperDeserialisationError, Notification, StoredEvent, Transcoder
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.event import Envelope, Metadata, Origin
from contracts.topics import EVENT_TYPES
from contracts.types import Word

# A text, as CloudEvents attributes are.
RowNumber = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,17}$")]


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
    """The content of the `state` column: what has no column of its own, named like the attributes of the record.

    The relay splices it into the record as it is (`chassis/kafka/records.py`).
    """

    model_config = ConfigDict(frozen=True)

    id: UUID
    time: datetime
    actor: Word
    correlationid: Word
    causationid: UUID | None = None
    traceparent: str | None = None
    batchid: UUID | None = None
    batchrow: RowNumber | None = None
    data: Annotated[Union[tuple(EVENT_TYPES.values())], Field(discriminator="type")]  # type: ignore[valid-type]  # noqa: UP007


class WrittenState(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A State as it is written. Its parts are valid already: the metadata and the event checked them."""

    id: UUID
    time: datetime
    actor: str
    correlationid: str
    causationid: UUID | None = None
    traceparent: str | None = None
    batchid: UUID | None = None
    batchrow: str | None = None
    data: msgspec.Raw


def state_of(envelope: Envelope[Any]) -> WrittenState:
    metadata, origin = envelope.metadata, envelope.metadata.origin
    return WrittenState(
        id=envelope.id,
        time=envelope.occurred_at,
        actor=metadata.actor,
        correlationid=metadata.correlation_id,
        causationid=metadata.causation_id,
        traceparent=metadata.traceparent,
        batchid=origin.batch_id if origin else None,
        batchrow=str(origin.row) if origin else None,
        data=msgspec.Raw(envelope.event.model_dump_json(exclude_none=True).encode()),
    )


def metadata_of(state: State) -> Metadata:
    return Metadata(
        actor=state.actor,
        correlation_id=state.correlationid,
        causation_id=state.causationid,
        traceparent=state.traceparent,
        origin=Origin(batch_id=state.batchid, row=int(state.batchrow)) if state.batchid and state.batchrow else None,
    )


class BrokenStateError(MapperDeserialisationError):
    """This build cannot read the state of this row."""


class StateTranscoder(Transcoder):
    """Encodes states as JSON bytes with msgspec, and decodes them with pydantic, which checks their contents."""

    def encode(self, obj: WrittenState) -> bytes:
        return msgspec.json.encode(obj)

    def decode(self, data: bytes) -> State:
        return State.model_validate_json(data)


class EventMapper(Mapper[UUID]):
    """Maps envelopes to rows and back. An unknown event type raises an error and never imports a class."""

    def __init__(self) -> None:
        super().__init__(transcoder=StateTranscoder())

    def to_new_event(self, envelope: Envelope[Any]) -> NewEvent:
        return NewEvent(
            originator_id=envelope.stream_id,
            originator_version=envelope.version,
            topic=envelope.event.type,
            state=self.transcoder.encode(state_of(envelope)),
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
            occurred_at=state.time,
            recorded_at=row.recorded_at,
            metadata=metadata_of(state),
            event=state.data,
        )
