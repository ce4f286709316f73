"""Rings: the newest events of some kinds, from which the engine counts and measures.

A ring is packed: LENGTH bytes an event, oldest first. Seven bytes have the time (microseconds since 1970 plus OFFSET)
and two bits for the features of the event, the others have its id. Neither the order of events nor repeated ones change
a ring.
"""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

from contracts import customer, followup
from contracts.event import Event
from contracts.followup import Direction
from services.alerts.engine.occurrence import Occurrence

RingName = Literal[
    "human-contact", "touch", "order", "complaint", "key-contact-change", "quote-compared", "competitor-cheaper"
]
Packed: TypeAlias = bytes
Rings: TypeAlias = Mapping[str, Packed]

# How many events of each signal are kept, also of those that a rule selects. A rule cannot count more.
SIZES: Final[Mapping[str, int]] = {"human-contact": 32, "touch": 32}
SIZE: Final = 16
# Between the signal and the rest of the name of a ring, if it has only some of the events of the signal.
SEPARATOR: Final = "|"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
# Times are not negative from the year 1686 on, and fit until 2255. Events are of 1900 to 2200.
OFFSET: Final = 1 << 53
TIME: Final = 7
LENGTH: Final = TIME + 16
# The place of the byte with the features in an entry.
BITS_AT: Final = TIME - 1
ID_BITS: Final = 8
FEATURE_BITS: Final = 2
FEATURES: Final = (1 << FEATURE_BITS) - 1

# The ring of each feature, and its bit in the entries. A contact may be a contact by a person, a touch, or both.
CONTACTS: Final = "contact"
ONLY: Final = 1
HUMAN: Final = 1
TOUCH: Final = 2
PLACES: Final[Mapping[str, tuple[str, int]]] = {"human-contact": (CONTACTS, HUMAN), "touch": (CONTACTS, TOUCH)}


class Entry(NamedTuple):
    """An event in a ring: its time (see `times`), its id, and its features."""

    at: int
    cause: bytes
    bits: int


class Found(NamedTuple):
    """The ring and the features of an event."""

    ring: str
    bits: int


def of_contact(event: followup.ContactLogged, counts: bool) -> Found:
    """Return the features of a contact. `counts` says whether it is one by a person."""
    touch = TOUCH if event.direction is Direction.OUTBOUND else 0
    return Found(CONTACTS, touch | (HUMAN if counts else 0))


def of_competitor(event: customer.CompetitorSeen) -> Found:
    return Found("competitor-cheaper", ONLY if event.is_cheaper is True else 0)


def always(ring: str) -> Callable[[Any], Found]:
    found = Found(ring, ONLY)
    return lambda _event: found


# The ring of each type of event. What a contact means depends on what counts as one.
IN_RINGS: Final[Mapping[type[Event], Callable[[Any], Found]]] = {
    customer.OrderPlaced: always("order"),
    followup.ComplaintRaised: always("complaint"),
    customer.KeyContactChanged: always("key-contact-change"),
    customer.KeyContactRemoved: always("key-contact-change"),
    customer.QuoteCompared: always("quote-compared"),
    customer.CompetitorSeen: of_competitor,
}
# The events that may have a feature.
HEARD: Final[Mapping[str, frozenset[type[Event]]]] = {
    "human-contact": frozenset({followup.ContactLogged}),
    "touch": frozenset({followup.ContactLogged}),
    "order": frozenset({customer.OrderPlaced}),
    "complaint": frozenset({followup.ComplaintRaised}),
    "key-contact-change": frozenset({customer.KeyContactChanged, customer.KeyContactRemoved}),
    "quote-compared": frozenset({customer.QuoteCompared}),
    "competitor-cheaper": frozenset({customer.CompetitorSeen}),
}


def size_of(name: str) -> int:
    return SIZES.get(name.partition(SEPARATOR)[0], SIZE)


def has(found: Found, name: str) -> bool:
    """Return whether an event is one of a signal that hears its type."""
    return bool(found.bits & PLACES.get(name, (name, ONLY))[1])


def with_event(rings: Rings, event: Any, occurrence: Occurrence) -> Rings:
    """Return the rings with one more event. Its type must be one of IN_RINGS."""
    return with_found(rings, IN_RINGS[type(event)](event), occurrence)


def with_found(rings: Rings, found: Found, occurrence: Occurrence) -> Rings:
    """Return the rings with one more event, whose features are known."""
    ring, bits = found
    if not bits:
        return rings
    entry = Entry(place_in_time(occurrence.at), occurrence.cause.bytes, bits)
    return {**rings, ring: with_entry(rings.get(ring, b""), entry, ring)}


def with_entry(packed: Packed, entry: Entry, ring: str) -> Packed:
    """Return a ring with one more entry. Most entries are the newest, and are appended."""
    if packed and time_and_bits(packed[-LENGTH:]) >> FEATURE_BITS >= entry.at:
        return pack([*entries(packed), entry], ring)
    return trimmed(packed + packed_entry(entry), ring)


def packed_entry(entry: Entry) -> bytes:
    return (entry.at << FEATURE_BITS | entry.bits).to_bytes(TIME) + entry.cause


def together(one: Rings, other: Rings) -> dict[str, Packed]:
    """Return the rings of two customers that were merged."""
    names = one.keys() | other.keys()
    return {name: pack([*entries(one.get(name, b"")), *entries(other.get(name, b""))], name) for name in names}


def pack(found: Iterable[Entry], ring: str) -> Packed:
    """Pack the newest entries, each once."""
    bits: dict[tuple[int, bytes], int] = {}
    for each in found:
        bits[each.at, each.cause] = bits.get((each.at, each.cause), 0) | each.bits
    return trimmed(b"".join(packed_entry(Entry(*key, bits[key])) for key in sorted(bits)), ring)


def entries(packed: Packed) -> list[Entry]:
    """Return the entries, oldest first."""
    chunks = (packed[place : place + LENGTH] for place in range(0, len(packed), LENGTH))
    return [entry_of(chunk) for chunk in chunks]


def entry_of(chunk: bytes) -> Entry:
    stamp = time_and_bits(chunk)
    return Entry(stamp >> FEATURE_BITS, chunk[TIME:], stamp & FEATURES)


def time_and_bits(chunk: bytes) -> int:
    return int.from_bytes(chunk[:TIME])


def trimmed(packed: Packed, ring: str) -> Packed:
    """Return the newest entries of each feature."""
    if ring != CONTACTS:
        return packed[-size_of(ring) * LENGTH :]
    size = SIZES["touch"]
    if len(packed) <= size * LENGTH:
        return packed
    return without_oldest(without_oldest(packed, HUMAN, size), TOUCH, size)


def without_oldest(packed: Packed, bit: int, size: int) -> Packed:
    """Return the entries with a feature for the newest `size` of those that have it only."""
    having = [number for number, bits in enumerate(packed[BITS_AT::LENGTH]) if bits & bit]
    for number in reversed(having[:-size]):
        begin, until = number * LENGTH, (number + 1) * LENGTH
        entry = entry_of(packed[begin:until])
        left = packed_entry(entry._replace(bits=entry.bits & ~bit)) if entry.bits != bit else b""
        packed = packed[:begin] + left + packed[until:]
    return packed


@cache
def layout(count: int) -> struct.Struct:
    """Return how that many entries are read: of each the time, with one byte of its id."""
    return struct.Struct(">" + "Q15x" * count)


def stamps(packed: Packed) -> tuple[int, ...]:
    """Return the time of each entry with its features and ID_BITS of its id, oldest first."""
    return layout(len(packed) // LENGTH).unpack(packed)


def times(rings: Rings, name: str) -> Sequence[int]:
    """Return when the events with a feature happened, in microseconds since 1970 plus OFFSET, oldest first."""
    ring, bit = PLACES.get(name, (name, ONLY))
    mask, shift = bit << ID_BITS, ID_BITS + FEATURE_BITS
    return [stamp >> shift for stamp in stamps(rings.get(ring, b"")) if stamp & mask]


def nth_latest(rings: Rings, name: str, nth: int) -> int | None:
    """Return the time of the nth latest event of the ring of a feature. The nth latest with the feature is no later."""
    ring, _ = PLACES.get(name, (name, ONLY))
    packed = rings.get(ring, b"")
    begin = len(packed) - nth * LENGTH
    return time_and_bits(packed[begin : begin + TIME]) >> FEATURE_BITS if begin >= 0 else None


def causes_from(rings: Rings, name: str, since: Occurrence, count: int) -> list[UUID]:
    """Return the ids of at most `count` events with a feature, from one of them on, oldest first."""
    ids = [chunk[TIME:] for chunk in chunks(rings, name)]
    first = ids.index(since.cause.bytes)
    return [UUID(bytes=each) for each in ids[first : first + count]]


def chunks(rings: Rings, name: str) -> list[bytes]:
    """Return the packed entries with a feature, oldest first."""
    ring, bit = PLACES.get(name, (name, ONLY))
    packed = rings.get(ring, b"")
    begins = range(0, len(packed), LENGTH)
    return [packed[begin : begin + LENGTH] for begin in begins if packed[begin + BITS_AT] & bit]


def occurrence_of(chunk: bytes) -> Occurrence:
    return Occurrence(time_of(time_and_bits(chunk) >> FEATURE_BITS), UUID(bytes=chunk[TIME:]))


def latest_of(rings: Rings, name: str, nth: int = 1) -> Occurrence | None:
    """Return the latest event with a feature, or the `nth` latest one; None if there are fewer."""
    ring, bit = PLACES.get(name, (name, ONLY))
    packed = rings.get(ring, b"")
    if ring == name:
        # All its events have the feature.
        begin = len(packed) - nth * LENGTH
        return occurrence_of(packed[begin : begin + LENGTH]) if begin >= 0 else None
    for begin in range(len(packed) - LENGTH, -1, -LENGTH):
        if packed[begin + BITS_AT] & bit:
            nth -= 1
            if nth == 0:
                return occurrence_of(packed[begin : begin + LENGTH])
    return None


def micros_of(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def time_of(at: int) -> datetime:
    """Return the instant of a time of a ring."""
    return EPOCH + (at - OFFSET) * MICROSECOND


def place_in_time(at: datetime) -> int:
    """Return an instant as a time of a ring."""
    return micros_of(at) + OFFSET
