"""Builds Kafka records from stored rows: the stored state is spliced into the value, behind the attributes of the row.

The event data is not validated again: it was validated before the append, and readers validate what they receive.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import asyncpg
import msgspec

from chassis.kafka.cloudevents import STRUCTURED, Headers
from chassis.store.append import MAX_EVENT_BYTES
from contracts.cloudevents import DATA_CONTENT_TYPE, schema_url
from contracts.types import utc_text
from contracts.watermark import Watermark

Row = asyncpg.Record | Mapping[str, Any]
Record = tuple[bytes, bytes | None, Headers]
Made = tuple[bytes, bytes, Headers]
# The attributes of a row. Its state follows, without the opening brace.
ROW = b'%b,"subject":"%b","streamid":"%b","sequence":"%d","position":"%d","prevposition":"%d","recordedtime":"%b",'


class UnreadableRowError(ValueError):
    """No record can be built from the row. The message contains no data of the row."""


class StoredState(msgspec.Struct):
    """What a stored state must contain, so that readers can decode its record."""

    id: str
    time: str
    actor: str
    correlationid: str
    data: msgspec.Raw


STATES = msgspec.json.Decoder(StoredState)


class RecordWriter:
    """Builds the records of one store in one epoch.

    `source` names the service, and `public_url` is the address at which it serves the schemas.
    """

    def __init__(self, source: str, public_url: str, epoch: UUID) -> None:
        self._source = source
        self._public_url = public_url
        self._epoch = epoch
        self._beginnings: dict[str, bytes] = {}

    def record_of(self, row: Row, previous_position: int) -> Made:
        """Return the record of a row of the event table. Raises UnreadableRowError."""
        state = row["state"]
        read_state(state)
        subject = str(row["subject"]).encode()
        return subject, self._attributes(row, subject, previous_position) + state[1:], STRUCTURED

    def placeholder_of(self, row: Row, previous_position: int) -> Made:
        """Return a record without data for a row that is unreadable or too large, so that its position is published."""
        subject = str(row["subject"]).encode()
        rest = b'"id":"%b","time":"%b"}' % (placeholder_id(row).encode(), time_text(row["recorded_at"]))
        return subject, self._attributes(row, subject, previous_position) + rest, STRUCTURED

    def watermark(self, mark: Watermark) -> Made:
        """Return the record of a watermark, keyed by its partition."""
        time = utc_text(mark.complete_until)
        rest = b',"id":"watermark-%d-%b","time":"%b","data":%b}' % (
            mark.partition,
            time.encode(),
            time.encode(),
            mark.model_dump_json(exclude_none=True).encode(),
        )
        return b"%d" % mark.partition, self._beginning(Watermark.TYPE) + rest, STRUCTURED

    def _attributes(self, row: Row, subject: bytes, previous_position: int) -> bytes:
        return ROW % (
            self._beginning(row["type"]),
            subject,
            str(row["stream_id"]).encode(),
            row["version"],
            row["position"],
            previous_position,
            time_text(row["recorded_at"]),
        )

    def _beginning(self, event_type: str) -> bytes:
        """Return the attributes that all records of a type share."""
        if event_type not in self._beginnings:
            attributes = {
                "specversion": "1.0",
                "source": self._source,
                "type": event_type,
                "dataschema": schema_url(self._public_url, event_type),
                "datacontenttype": DATA_CONTENT_TYPE,
                "epoch": str(self._epoch),
            }
            self._beginnings[event_type] = msgspec.json.encode(attributes)[:-1]
        return self._beginnings[event_type]


def read_state(state: bytes) -> StoredState:
    """Check the form and the size of a stored state. Raises UnreadableRowError."""
    if len(state) > MAX_EVENT_BYTES or state[:1] != b"{":
        raise UnreadableRowError(f"a state of {len(state)} bytes")
    try:
        return STATES.decode(state)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableRowError(f"its state is broken: {type(error).__name__}") from error


def time_text(at: datetime) -> bytes:
    """Return a UTC instant like `utc_text`, in an eighth of its time."""
    return msgspec.json.encode(at)[1:-1]


def placeholder_id(row: Row) -> str:
    """Return the event id of the placeholder of a row."""
    return str(uuid5(UUID(str(row["stream_id"])), str(row["version"])))


def event_id_of(row: Row) -> str:
    """Return the event id under which a row is published."""
    try:
        return read_state(row["state"]).id
    except UnreadableRowError:
        return placeholder_id(row)
