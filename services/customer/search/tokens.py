"""The numbers under which a customer stands in the search index (ADR 0012). Pure.

Each is a digest under the deployment's own key. Nothing but such numbers stands there of a person, and of a person's
name only those of the whole.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chassis.store.pseudonym import Pseudonyms
from services.customer.domain.customer_row import CustomerRow
from services.customer.search.names import Part, findable, folded, spoken

SHORTEST_TAIL, LONGEST_TAIL = 4, 11
EXTENSION = ";ext="
NOBODY = ""
STAGE, TIER, OWNER, VISIBLE, TAG, REGION, PROPOSED = "stage", "tier", "owner", "visible", "tag", "region", "proposed"
PERSON, TAIL = "person", "tail"


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands in the index for one customer: the words of a company's name, and the numbers of all else."""

    words: str
    tokens: list[int]


def entry_of(row: CustomerRow, person_name: str | None, phones: Iterable[str], pseudonyms: Pseudonyms) -> Entry:
    """Return the entry of a customer. A company's name is public; of a person's only numbers are kept."""
    found = findable(row.name) if row.name else None
    parts = [
        *(found.parts if found else ()),
        *standing(row),
        *((PERSON, way) for way in ways_to_say(person_name or "")),
        *((TAIL, tail) for phone in phones for tail in tails(phone)),
    ]
    return Entry(found.words if found else "", sorted(numbers(parts, pseudonyms)))


def standing(row: CustomerRow) -> Iterator[Part]:
    """Yield what lists are narrowed by."""
    yield STAGE, row.stage
    yield OWNER, row.owner_id or NOBODY
    yield from ((TIER, tier) for tier in row.tiers.values())
    yield from ((VISIBLE, who) for who in (row.owner_id, row.leader_id, *row.helper_ids) if who)
    yield from ((TAG, tag) for tag in row.tags)
    yield from ((PROPOSED, scheme) for scheme in row.proposed_tiers)
    if row.region:
        yield REGION, folded(row.region)


def ways_to_say(name: str) -> set[str]:
    """Return a person's name as a whole: written, spoken, and by its initials."""
    key = folded(name)
    sounds, initials = spoken(key)
    return {way for way in (key, "".join(sounds), initials) if len(way) > 1}


def tails(phone: str) -> Iterator[str]:
    """Yield the last digits of a phone number, from four of them on."""
    digits = "".join(filter(str.isdigit, phone.partition(EXTENSION)[0]))
    return (digits[-length:] for length in range(SHORTEST_TAIL, min(LONGEST_TAIL, len(digits)) + 1))


def asked_tail(key: str) -> list[Part]:
    """Return the part that leads to a phone that ends like this."""
    return [(TAIL, key[-LONGEST_TAIL:])] if key.isdigit() and len(key) >= SHORTEST_TAIL else []


def numbers(parts: Iterable[Part], pseudonyms: Pseudonyms) -> set[int]:
    return {pseudonyms.token(kind, text) for kind, text in parts}


def listed(parts: Sequence[Part], pseudonyms: Pseudonyms) -> list[int]:
    return [pseudonyms.token(kind, text) for kind, text in parts]
