"""The filters of a list of customers, in the terms of the search index. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.store.pseudonym import Pseudonyms
from services.customer.search.names import Part, asked_grams, asked_sound, folded
from services.customer.search.tokens import (
    NOBODY,
    OWNER,
    PERSON,
    PROPOSED,
    REGION,
    STAGE,
    TAG,
    TIER,
    VISIBLE,
    asked_tail,
    listed,
)


@dataclass(frozen=True, slots=True)
class CustomerFilters:
    """What a list is narrowed to. `visible_to` restricts it to one employee's own customers.

    `q` is part of a name, its pinyin or initials, or, where `shows_phones`, the end of a key contact's phone number.
    """

    q: str | None = None
    shows_phones: bool = False
    stage: str | None = None
    tier: str | None = None
    owner_id: str | None = None
    region: str | None = None
    name: str | None = None
    visible_to: str | None = None
    number_id: UUID | None = None
    tag: str | None = None
    ownerless: bool | None = None
    proposed_in: str | None = None


@dataclass(frozen=True, slots=True)
class Alternative:
    """Parts that must all be there; with `words`, these must stand in the words, too."""

    tokens: list[int]
    words: str | None = None


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What is asked: `tokens` must all be there, one of `alternatives` must fit, if there are any."""

    tokens: list[int]
    alternatives: Sequence[Alternative] = ()
    prefix: str | None = None
    is_owned: bool = False
    number_id: UUID | None = None


def query_of(filters: CustomerFilters, pseudonyms: Pseudonyms) -> SearchQuery:
    """Return what the filters ask, in the terms of the index."""
    prefix = folded(filters.name) if filters.name else None
    asked: list[tuple[str, str | None]] = [
        (STAGE, filters.stage),
        (TIER, filters.tier),
        (OWNER, filters.owner_id),
        (OWNER, NOBODY if filters.ownerless else None),
        (REGION, folded(filters.region) if filters.region else None),
        (TAG, filters.tag),
        (PROPOSED, filters.proposed_in),
        (VISIBLE, filters.visible_to),
    ]
    parts: list[Part] = [(kind, text) for kind, text in asked if text is not None]
    parts += asked_grams(prefix) if prefix and not is_too_short(prefix) else []
    return SearchQuery(
        listed(parts, pseudonyms),
        alternatives(filters, pseudonyms) if filters.q else (),
        prefix,
        is_owned=filters.ownerless is False,
        number_id=filters.number_id,
    )


def is_too_short(key: str) -> bool:
    """Say whether a text leads nowhere: one Latin letter or digit stands in every name."""
    return not key or (len(key) == 1 and key.isascii())


def alternatives(filters: CustomerFilters, pseudonyms: Pseudonyms) -> list[Alternative]:
    """Return by what somebody may be meant: part of a name, its sound, a person's whole name, the end of a phone."""
    key = folded(filters.q or "")
    tail = asked_tail(key) if filters.shows_phones else []
    ways = [(asked_grams(key), key), (asked_sound(key), key), ([(PERSON, key)], None), (tail, None)]
    return [Alternative(listed(parts, pseudonyms), words) for parts, words in ways if parts]
