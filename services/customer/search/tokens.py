"""The tokens of a customer in the search index (ADR 0012). Pure.

Each token is a digest under the deployment's key. The index holds nothing else about persons; a person's name has
tokens for the complete name only.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chassis.rules.comparison import letters
from chassis.rules.phones import tails
from chassis.store.pseudonym import Pseudonyms
from services.customer.domain.customer_row import CustomerRow
from services.customer.search.names import Part, name_entry, readings_of, spoken

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
        yield REGION, letters(row.region)


def spellings(name: str) -> set[str]:
    """Return the complete name of a person as written, in pinyin, and as initials."""
    ways = [letters(name), *(way for reading in readings_of(name) for way in spoken(reading))]
    return {way for way in ways if len(way) > 1}


def token_set(parts: Iterable[Part], pseudonyms: Pseudonyms) -> set[int]:
    return {pseudonyms.token(kind, text) for kind, text in parts}


def token_list(parts: Sequence[Part], pseudonyms: Pseudonyms) -> list[int]:
    return [pseudonyms.token(kind, text) for kind, text in parts]
