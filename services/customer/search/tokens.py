"""The tokens of a customer in the search index (ADR 0012). Pure.

Each token is a digest under the deployment's key. The index holds nothing else about persons; a person's name has
tokens for the complete name only.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chassis.store.pseudonym import Pseudonyms
from services.customer.domain.customer_row import CustomerRow
from services.customer.search.names import Part, folded, name_entry, pronunciation

SHORTEST_TAIL, LONGEST_TAIL = 4, 11
EXTENSION = ";ext="
NOBODY = ""
STAGE, TIER, OWNER, VISIBLE, TAG, REGION, PROPOSED = "stage", "tier", "owner", "visible", "tag", "region", "proposed"
PERSON, TAIL = "person", "tail"


@dataclass(frozen=True, slots=True)
class Entry:
    """The index entry of one customer: the text of a company's name, and the tokens of everything else."""

    words: str
    tokens: list[int]


def entry_of(row: CustomerRow, person_name: str | None, phones: Iterable[str], pseudonyms: Pseudonyms) -> Entry:
    """Return the index entry of a customer. A company's name is public; a person's name is stored as tokens only."""
    found = name_entry(row.name) if row.name else None
    parts = [
        *(found.parts if found else ()),
        *filter_parts(row),
        *((PERSON, way) for way in spellings(person_name or "")),
        *((TAIL, tail) for phone in phones for tail in tails(phone)),
    ]
    return Entry(found.words if found else "", sorted(token_set(parts, pseudonyms)))


def filter_parts(row: CustomerRow) -> Iterator[Part]:
    """Yield the parts for the filters of lists."""
    yield STAGE, row.stage
    yield OWNER, row.owner_id or NOBODY
    yield from ((TIER, tier) for tier in row.tiers.values())
    yield from ((VISIBLE, employee_id) for employee_id in (row.owner_id, row.leader_id, *row.helper_ids) if employee_id)
    yield from ((TAG, tag) for tag in row.tags)
    yield from ((PROPOSED, scheme) for scheme in row.proposed_tiers)
    if row.region:
        yield REGION, folded(row.region)


def spellings(name: str) -> set[str]:
    """Return the complete name of a person as written, in pinyin, and as initials."""
    key = folded(name)
    sounds, initials = pronunciation(key)
    return {way for way in (key, "".join(sounds), initials) if len(way) > 1}


def tails(phone: str) -> Iterator[str]:
    """Yield the last SHORTEST_TAIL to LONGEST_TAIL digits of a phone number."""
    digits = "".join(filter(str.isdigit, phone.partition(EXTENSION)[0]))
    return (digits[-length:] for length in range(SHORTEST_TAIL, min(LONGEST_TAIL, len(digits)) + 1))


def query_tail(key: str) -> list[Part]:
    """Return the part for phone numbers that end with `key`."""
    return [(TAIL, key[-LONGEST_TAIL:])] if key.isdigit() and len(key) >= SHORTEST_TAIL else []


def token_set(parts: Iterable[Part], pseudonyms: Pseudonyms) -> set[int]:
    return {pseudonyms.token(kind, text) for kind, text in parts}


def token_list(parts: Sequence[Part], pseudonyms: Pseudonyms) -> list[int]:
    return [pseudonyms.token(kind, text) for kind, text in parts]
