"""CloudEvents 1.0 over Kafka in binary mode: attributes as `ce_…` headers, the event data as the value."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from asyncpg.pgproto.pgproto import UUID  # the standard library's, made eight times as fast
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from contracts.event import Envelope, Metadata, Origin
from contracts.topics import EVENT_TYPES
from contracts.types import utc_text

WATERMARK_TYPE = "care.watermark.v1"
CONTENT_TYPE = "application/json"
Headers = list[tuple[str, bytes]]


class UndecodableError(ValueError):
    """The record is not a valid event of ours. The message contains no data of the record."""


class UnknownTypeError(Exception):
    """This build does not know the event type: the record is counted and skipped."""


class Watermark(BaseModel):
    """All events recorded before `complete_until` were published before this record on its partition."""

    model_config = ConfigDict(frozen=True)

    complete_until: AwareDatetime


def read_headers(pairs: Sequence[tuple[str, bytes]]) -> dict[str, str]:
    try:
        return {name: value.decode() for name, value in pairs}
    except (UnicodeDecodeError, AttributeError) as error:
        raise UndecodableError("a header is not UTF-8 text") from error


def decode(headers: Mapping[str, str], value: bytes | None) -> Envelope[Any]:
    """Return the envelope of a record. Raises UnknownTypeError or UndecodableError."""
    event_type = headers.get("ce_type")
    if event_type is None:
        raise UndecodableError("the record has no ce_type header")
    event_class = EVENT_TYPES.get(event_type)
    if event_class is None:
        raise UnknownTypeError(event_type)
    if value is None:
        raise UndecodableError("the record has no value")
    try:
        return Envelope(
            id=UUID(headers["ce_id"]),
            subject=UUID(headers["ce_subject"]),
            stream_id=UUID(headers["ce_streamid"]),
            version=int(headers["ce_sequence"]),
            position=int(headers["ce_position"]),
            occurred_at=instant(headers["ce_time"]),
            recorded_at=instant(headers["ce_recordedtime"]),
            metadata=read_metadata(headers),
            event=event_class.model_validate_json(value),
        )
    except ValidationError as error:
        where = ", ".join(".".join(str(part) for part in item["loc"]) or "body" for item in error.errors())
        raise UndecodableError(f"{event_type} does not fit its schema at: {where}") from error
    except (KeyError, ValueError) as error:
        name = f" {error}" if isinstance(error, KeyError) else ""
        raise UndecodableError(f"{event_type} lacks a valid header: {type(error).__name__}{name}") from error


def instant(text: str) -> datetime:
    """Parse a time. Raises ValueError if it has no UTC offset."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError("a time without an offset")
    return parsed


def read_metadata(headers: Mapping[str, str]) -> Metadata:
    causation = headers.get("ce_causationid")
    batch = headers.get("ce_batchid")
    return Metadata(
        actor=headers["ce_actor"],
        correlation_id=headers["ce_correlationid"],
        causation_id=UUID(causation) if causation else None,
        traceparent=headers.get("traceparent"),
        origin=Origin(batch_id=UUID(batch), row=int(headers["ce_batchrow"])) if batch else None,
    )


def encode_watermark(
    complete_until: datetime, *, source: str, previous_position: int | None = None, previous_id: bytes | None = None
) -> tuple[bytes, Headers]:
    """Return value and headers of a watermark record.

    `previous_position` is the last position published on the partition: a reader that has not received it detects a
    lost end of the partition. `previous_id` is the id of that event: a store that has another event at this position
    detects that it was restored from an older copy.
    """
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": f"watermark-{utc_text(complete_until)}",
        "ce_source": source,
        "ce_type": WATERMARK_TYPE,
        "ce_time": utc_text(complete_until),
        **({} if previous_position is None else {"ce_prevposition": str(previous_position)}),
        **({} if previous_id is None else {"ce_previd": previous_id.decode()}),
        "content-type": CONTENT_TYPE,
    }
    value = Watermark(complete_until=complete_until).model_dump_json().encode()
    return value, [(name, text.encode()) for name, text in attributes.items()]
