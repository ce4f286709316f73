"""Translates the filters of a list of customers into a query of the search index. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.rules.comparison import letters
from chassis.rules.phones import searched_tails
from chassis.store.pseudonym import Pseudonyms
from services.customer.search.names import Part, query_grams, query_sound
from services.customer.search.tokens import (
    NOBODY,
    OWNER,
    PERSON,
    PROPOSED,
    REGION,
    STAGE,
    TAG,
    TAIL,
    TIER,
    VISIBLE,
    token_list,
)


@dataclass(frozen=True, slots=True)
class CustomerFilters:
    """The filters of a list. `visible_to` restricts it to one employee's own customers.

    `q` is part of a name, its pinyin or initials, or, with `shows_phones`, the end of a key contact's phone number.
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
    """Tokens that a row must all have. With `words`, its text must contain them too."""

    tokens: list[int]
    words: str | None = None


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A row must have all `tokens` and match one of `alternatives`, if there are any."""

    tokens: list[int]
    alternatives: Sequence[Alternative] = ()
    prefix: str | None = None
    is_owned: bool = False
    number_id: UUID | None = None


def query_of(filters: CustomerFilters, pseudonyms: Pseudonyms) -> SearchQuery:
    """Return the query for the filters."""
    prefix = letters(filters.name) if filters.name else None
    filtered: list[tuple[str, str | None]] = [
        (STAGE, filters.stage),
        (TIER, filters.tier),
        (OWNER, filters.owner_id),
        (OWNER, NOBODY if filters.ownerless else None),
        (REGION, letters(filters.region) if filters.region else None),
        (TAG, filters.tag),
        (PROPOSED, filters.proposed_in),
        (VISIBLE, filters.visible_to),
    ]
    parts: list[Part] = [(kind, text) for kind, text in filtered if text is not None]
    parts += query_grams(prefix) if prefix and not is_too_short(prefix) else []
    return SearchQuery(
        token_list(parts, pseudonyms),
        alternatives(filters, pseudonyms) if filters.q else (),
        prefix,
        is_owned=filters.ownerless is False,
        number_id=filters.number_id,
    )


def is_too_short(key: str) -> bool:
    """Whether a text is too short to search for: one Latin letter or digit matches nearly every name."""
    return not key or (len(key) == 1 and key.isascii())


def alternatives(filters: CustomerFilters, pseudonyms: Pseudonyms) -> list[Alternative]:
    """Return the ways to read `q`: part of a name, its pinyin, a person's complete name, the end of a phone number."""
    key = letters(filters.q or "")
    ends = searched_tails(filters.q or "") if filters.shows_phones else []
    phones = [([(TAIL, end)], None) for end in ends]
    ways = [(query_grams(key), key), (query_sound(key), key), ([(PERSON, key)], None), *phones]
    return [Alternative(token_list(parts, pseudonyms), words) for parts, words in ways if parts]
