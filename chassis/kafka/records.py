"""Kafka records, straight from stored rows: the attributes from the columns, the value as it was stored.

Nothing is validated again: what a row holds was checked when it was appended, and readers check what they get.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from uuid import UUID, uuid5

import asyncpg
from pydantic_core import from_json

from chassis.kafka.cloudevents import CONTENT_TYPE, Headers
from chassis.store.event_store import MAX_EVENT_BYTES
from chassis.store.mapper import EventMapper
from contracts.event import Envelope
from contracts.types import utc_text

Row = asyncpg.Record | Mapping[str, Any]
Record = tuple[bytes, bytes | None, Headers]
REMEMBERED_INSTANTS = 64
# Inside a text the quotes would stand behind backslashes, and nothing before `data` has a field of that name.
DATA = b',"data":'
OPTIONAL = (("causation_id", "ce_causationid"), ("traceparent", "traceparent"))
SPECVERSION = ("ce_specversion", b"1.0")
CONTENT = ("content-type", CONTENT_TYPE.encode())


class UnreadableRowError(ValueError):
    """A row of which no record can be made. The message holds no content."""


def record_of(row: Row, *, source: bytes, previous_position: int) -> tuple[bytes, bytes, Headers]:
    """Return key, value and headers for a row of the event table. Raises UnreadableRowError."""
    about, value = parts_of(row["state"])
    subject = str(row["subject"]).encode()
    try:
        metadata = about["metadata"]
        headers = [
            SPECVERSION,
            ("ce_id", about["id"].encode()),
            ("ce_source", source),
            *of_type(row["type"]),
            ("ce_subject", subject),
            ("ce_time", about["occurred_at"].encode()),
            ("ce_recordedtime", told(row["recorded_at"])),
            ("ce_streamid", str(row["stream_id"]).encode()),
            ("ce_sequence", b"%d" % row["version"]),
            ("ce_position", b"%d" % row["position"]),
            ("ce_prevposition", b"%d" % previous_position),
            ("ce_correlationid", metadata["correlation_id"].encode()),
            ("ce_actor", metadata["actor"].encode()),
            CONTENT,
            *optional(metadata),
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadableRowError(f"its state lacks a field: {type(error).__name__}") from error
    return subject, value, headers


def encode(envelope: Envelope[Any], *, source: str, previous_position: int) -> tuple[bytes, bytes, Headers]:
    """Return the record of an event as it would be published from its row."""
    new = EventMapper().to_new_event(envelope)
    row = {
        "position": envelope.position,
        "stream_id": envelope.stream_id,
        "version": envelope.version,
        "subject": envelope.subject,
        "type": new.topic,
        "state": new.state,
        "recorded_at": envelope.recorded_at,
    }
    return record_of(row, source=source.encode(), previous_position=previous_position)


def parts_of(state: bytes) -> tuple[dict[str, Any], bytes]:
    """Split a stored state into what it says about the fact, read, and the fact itself, as it stands."""
    at = state.find(DATA)
    value = state[at + len(DATA) : -1]
    if at < 0 or len(value) > MAX_EVENT_BYTES:
        raise UnreadableRowError(f"a state of {len(state)} bytes")
    try:
        return from_json(state[:at] + b"}"), value
    except ValueError as error:
        raise UnreadableRowError("its state is no JSON") from error


@cache
def of_type(event_type: str) -> Headers:
    return [("ce_type", event_type.encode()), ("ce_dataschema", f"/schemas/{event_type}.json".encode())]


@lru_cache(maxsize=REMEMBERED_INSTANTS)
def told(at: datetime) -> bytes:
    """Return the time as a header; all that was appended together has the same."""
    return utc_text(at).encode()


def optional(metadata: Mapping[str, Any]) -> Headers:
    found = [(header, metadata[name].encode()) for name, header in OPTIONAL if name in metadata]
    if origin := metadata.get("origin"):
        found += [("ce_batchid", origin["batch_id"].encode()), ("ce_batchrow", b"%d" % origin["row"])]
    return found


def placeholder_of(row: Row, *, source: bytes, previous_position: int) -> Record:
    """Return the record that keeps the place of a row which cannot be told: what its columns say, and no value."""
    subject, recorded_at = str(row["subject"]).encode(), told(row["recorded_at"])
    return (
        subject,
        None,
        [
            SPECVERSION,
            ("ce_id", place_id(row)),
            ("ce_source", source),
            *of_type(row["type"]),
            ("ce_subject", subject),
            ("ce_time", recorded_at),
            ("ce_recordedtime", recorded_at),
            ("ce_streamid", str(row["stream_id"]).encode()),
            ("ce_sequence", b"%d" % row["version"]),
            ("ce_position", b"%d" % row["position"]),
            ("ce_prevposition", b"%d" % previous_position),
        ],
    )


def place_id(row: Row) -> bytes:
    """Return the id of a record that only keeps the place of a row."""
    return str(uuid5(UUID(str(row["stream_id"])), str(row["version"]))).encode()


def id_of(row: Row) -> bytes:
    """Return the id under which a row is published."""
    try:
        return dict(record_of(row, source=b"", previous_position=0)[2])["ce_id"]
    except UnreadableRowError:
        return place_id(row)
