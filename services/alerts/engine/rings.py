"""Rings: the newest events of some kinds, from which the engine counts and measures.

A ring is kept packed, in Base64: 24 bytes an event (microseconds since 1970 as a signed integer, and the id of the
event), newest last. Neither the order of events nor repeated ones change it.
"""

import struct
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from contracts import customer, followup
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

Packed: TypeAlias = str


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
    return {**rings, **{name: pack([*unpack(rings.get(name, "")), occurrence], size_of(name)) for name in names}}


def together(one: Mapping[str, Packed], other: Mapping[str, Packed]) -> dict[str, Packed]:
    """Return the rings of two customers that were merged."""
    names = one.keys() | other.keys()
    return {name: pack([*unpack(one.get(name, "")), *unpack(other.get(name, ""))], size_of(name)) for name in names}


def pack(occurrences: list[Occurrence], size: int) -> Packed:
    """Pack the newest occurrences; of two with one cause, one."""
    distinct = sorted({(each.at, each.cause) for each in occurrences})[-size:]
    return b64encode(b"".join(ENTRY.pack((at - EPOCH) // MICROSECOND, cause.bytes) for at, cause in distinct)).decode()


def unpack(packed: Packed) -> list[Occurrence]:
    """Return the occurrences, oldest first."""
    entries = ENTRY.iter_unpack(b64decode(packed))
    return [Occurrence(EPOCH + at * MICROSECOND, UUID(bytes=cause)) for at, cause in entries]
