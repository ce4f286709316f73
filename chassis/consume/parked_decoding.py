"""Decodes parked records for a replay."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chassis.consume.positions import OWN_TOPIC
from chassis.consume.record_reading import Decode
from chassis.kafka.cloudevents import UnknownTypeError, read_value
from chassis.postgres.database import Connection
from chassis.store.event_store import READ_AT, recorded
from chassis.store.mapper import EventMapper
from contracts.event import Envelope

Rows = Sequence[Mapping[str, Any]]


async def decode_parked(held: Connection, rows: Rows, decode: Decode) -> list[Any]:
    """Return the events of parked records, in their order. Events of the own store are read from the store again.

    Unknown event types of other services are skipped. Raises MapperDeserialisationError for an event of the own store
    that this build cannot read: a newer build must apply it. Raises UndecodableError for a record that is broken.
    """
    mapper = EventMapper()
    positions = [row["position"] for row in rows if row["topic"] == OWN_TOPIC]
    stored = await held.fetch(READ_AT, positions) if positions else []
    own = {row["position"]: mapper.to_envelope(recorded(row)) for row in stored}
    return list(decoded(rows, own, decode))


def decoded(rows: Rows, own: Mapping[int, Envelope[Any]], decode: Decode) -> Iterator[Any]:
    for row in rows:
        if row["topic"] == OWN_TOPIC:
            yield own[row["position"]]
        else:
            with contextlib.suppress(UnknownTypeError):
                yield decode(row["topic"], read_value(row["value"]))
