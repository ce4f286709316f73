"""Rings: the newest events of some kinds, from which the engine counts and measures.

A ring is kept packed, in Base64: 24 bytes an event (microseconds since 1970 as a signed integer, and the id of the
event), oldest first. Neither the order of events nor repeated ones change it.
"""

import struct
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

from contracts import customer, followup
from contracts.event import Event
from contracts.followup import Direction
from services.alerts.engine.contact_definition import HUMAN_CONTACT
from services.alerts.engine.occurrence import Occurrence

RingName = Literal[
    "human-contact", "touch", "order", "complaint", "key-contact-change", "quote-compared", "competitor-cheaper"
]
# How many events of each kind are kept. A rule cannot count more.
SIZES: Final[Mapping[str, int]] = {"human-contact": 32, "touch": 32}
SIZE: Final = 16
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
ENTRY: Final = struct.Struct(">q16s")

# As Base64, an entry is exactly so long.
ENTRY_CHARACTERS: Final = 32
# Unpacked rings that are kept: the rules look at the same ring one after the other.
UNPACKED: Final = 1_024
# The events that may belong to a ring.
HEARD: Final[Mapping[str, frozenset[type[Event]]]] = {
    "human-contact": frozenset({followup.ContactLogged}),
    "touch": frozenset({followup.ContactLogged}),
    "order": frozenset({customer.OrderPlaced}),
    "complaint": frozenset({followup.ComplaintRaised}),
    "key-contact-change": frozenset({customer.KeyContactChanged, customer.KeyContactRemoved}),
    "quote-compared": frozenset({customer.QuoteCompared}),
    "competitor-cheaper": frozenset({customer.CompetitorSeen}),
}

Packed: TypeAlias = str


class Entry(NamedTuple):
    """An event in a ring: when it happened, in microseconds since 1970, and its id."""

    at: int
    cause: bytes

    @property
    def occurrence(self) -> Occurrence:
        return Occurrence(time_of(self.at), UUID(bytes=self.cause))


def size_of(name: str) -> int:
    return SIZES.get(name, SIZE)


def rings_of(event: Any) -> tuple[RingName, ...]:
    """Return the rings that an event belongs to."""
    match event:
        case followup.ContactLogged(direction=direction):
            touch: tuple[RingName, ...] = ("touch",) if direction is Direction.OUTBOUND else ()
            return (*touch, "human-contact") if HUMAN_CONTACT.counts(event) else touch
        case customer.OrderPlaced():
            return ("order",)
        case followup.ComplaintRaised():
            return ("complaint",)
        case customer.KeyContactChanged() | customer.KeyContactRemoved():
            return ("key-contact-change",)
        case customer.QuoteCompared():
            return ("quote-compared",)
        case customer.CompetitorSeen(is_cheaper=True):
            return ("competitor-cheaper",)
        case _:
            return ()


def with_event(rings: Mapping[str, Packed], event: Any, occurrence: Occurrence) -> Mapping[str, Packed]:
    """Return the rings with one more event."""
    names = rings_of(event)
    if not names:
        return rings
    entry = Entry(micros_of(occurrence.at), occurrence.cause.bytes)
    return {**rings, **{name: with_entry(rings.get(name, ""), entry, size_of(name)) for name in names}}


def with_entry(packed: Packed, entry: Entry, size: int) -> Packed:
    """Return a ring with one more entry. Most entries are the newest, and are appended."""
    if not packed or unpack(packed[-ENTRY_CHARACTERS:])[0] < entry:
        return packed[-(size - 1) * ENTRY_CHARACTERS :] + pack([entry], size)
    return pack([*unpack(packed), entry], size)


def together(one: Mapping[str, Packed], other: Mapping[str, Packed]) -> dict[str, Packed]:
    """Return the rings of two customers that were merged."""
    names = one.keys() | other.keys()
    return {name: pack([*unpack(one.get(name, "")), *unpack(other.get(name, ""))], size_of(name)) for name in names}


def pack(entries: Iterable[Entry], size: int) -> Packed:
    """Pack the newest entries, each once."""
    return b64encode(b"".join(ENTRY.pack(*each) for each in sorted(set(entries))[-size:])).decode()


@lru_cache(maxsize=UNPACKED)
def unpack(packed: Packed) -> tuple[Entry, ...]:
    """Return the entries, oldest first."""
    return tuple(map(Entry._make, ENTRY.iter_unpack(b64decode(packed))))


def count_of(packed: Packed) -> int:
    return len(packed) // ENTRY_CHARACTERS


def micros_of(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def time_of(micros: int) -> datetime:
    return EPOCH + micros * MICROSECOND
