"""Builds Kafka records from stored rows: headers from the columns and the state, the value as stored.

The state is not validated again: it was validated before the append, and readers validate what they receive.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from uuid import UUID, uuid5

import asyncpg
from pydantic_core import from_json

from chassis.kafka.cloudevents import CONTENT_TYPE, Headers
from chassis.store.append import MAX_EVENT_BYTES
from chassis.store.mapper import EventMapper
from contracts.event import Envelope
from contracts.types import utc_text

Row = asyncpg.Record | Mapping[str, Any]
Record = tuple[bytes, bytes | None, Headers]
CACHED_TIMES = 64
# Unambiguous: inside a string the quotes are escaped, and no field before `data` has that name.
DATA = b',"data":'
OPTIONAL = (("causation_id", "ce_causationid"), ("traceparent", "traceparent"))
SPECVERSION = ("ce_specversion", b"1.0")
CONTENT = ("content-type", CONTENT_TYPE.encode())


class UnreadableRowError(ValueError):
    """No record can be built from the row. The message contains no data of the row."""


def record_of(row: Row, *, source: bytes, previous_position: int) -> tuple[bytes, bytes, Headers]:
    """Return key, value and headers for a row of the event table. Raises UnreadableRowError."""
    attributes, value = split_state(row["state"])
    subject = str(row["subject"]).encode()
    try:
        metadata = attributes["metadata"]
        headers = [
            SPECVERSION,
            ("ce_id", attributes["id"].encode()),
            ("ce_source", source),
            *type_headers(row["type"]),
            ("ce_subject", subject),
            ("ce_time", attributes["occurred_at"].encode()),
            ("ce_recordedtime", time_header(row["recorded_at"])),
            ("ce_streamid", str(row["stream_id"]).encode()),
            ("ce_sequence", b"%d" % row["version"]),
            ("ce_position", b"%d" % row["position"]),
            ("ce_prevposition", b"%d" % previous_position),
            ("ce_correlationid", metadata["correlation_id"].encode()),
            ("ce_actor", metadata["actor"].encode()),
            CONTENT,
            *optional_headers(metadata),
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadableRowError(f"its state lacks a field: {type(error).__name__}") from error
    return subject, value, headers


def encode(envelope: Envelope[Any], *, source: str, previous_position: int) -> tuple[bytes, bytes, Headers]:
    """Return the record of an event, the same as `record_of` builds from its row."""
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


def split_state(state: bytes) -> tuple[dict[str, Any], bytes]:
    """Split a stored state into its parsed attributes and the unparsed event data. Raises UnreadableRowError."""
    start = state.find(DATA)
    value = state[start + len(DATA) : -1]
    if start < 0 or len(value) > MAX_EVENT_BYTES:
        raise UnreadableRowError(f"a state of {len(state)} bytes")
    try:
        return from_json(state[:start] + b"}"), value
    except ValueError as error:
        raise UnreadableRowError("its state is not JSON") from error


@cache
def type_headers(event_type: str) -> Headers:
    return [("ce_type", event_type.encode()), ("ce_dataschema", f"/schemas/{event_type}.json".encode())]


@lru_cache(maxsize=CACHED_TIMES)
def time_header(at: datetime) -> bytes:
    """Return the time as a header value. Cached, because all events of one append have the same time."""
    return utc_text(at).encode()


def optional_headers(metadata: Mapping[str, Any]) -> Headers:
    found = [(header, metadata[name].encode()) for name, header in OPTIONAL if name in metadata]
    if origin := metadata.get("origin"):
        found += [("ce_batchid", origin["batch_id"].encode()), ("ce_batchrow", b"%d" % origin["row"])]
    return found


def placeholder_of(row: Row, *, source: bytes, previous_position: int) -> Record:
    """Return a record without a value for a row that is unreadable or too large, so that its position is published."""
    subject, recorded_at = str(row["subject"]).encode(), time_header(row["recorded_at"])
    return (
        subject,
        None,
        [
            SPECVERSION,
            ("ce_id", placeholder_id(row)),
            ("ce_source", source),
            *type_headers(row["type"]),
            ("ce_subject", subject),
            ("ce_time", recorded_at),
            ("ce_recordedtime", recorded_at),
            ("ce_streamid", str(row["stream_id"]).encode()),
            ("ce_sequence", b"%d" % row["version"]),
            ("ce_position", b"%d" % row["position"]),
            ("ce_prevposition", b"%d" % previous_position),
        ],
    )


def placeholder_id(row: Row) -> bytes:
    """Return the event id of the placeholder of a row."""
    return str(uuid5(UUID(str(row["stream_id"])), str(row["version"]))).encode()


def event_id_of(row: Row) -> bytes:
    """Return the event id under which a row is published."""
    try:
        return dict(record_of(row, source=b"", previous_position=0)[2])["ce_id"]
    except UnreadableRowError:
        return placeholder_id(row)
