"""How a list of customers is asked for: which conditions there are, and by which of two ways the fewest rows are read.

To *find* is to collect from the index all who fit and to take the first of them: fast where few fit. To *walk* is to go
through the customers in their order until a page is full: fast where many fit. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import prod
from typing import Any
from uuid import UUID

from chassis.pseudonym import Pseudonyms
from services.customer.searching.names import SEPARATOR, Part, asked_grams, asked_sound, folded
from services.customer.searching.tokens import (
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

# What one row costs, in the same unit: to be read from the index, to be looked at in order, to be looked up at random.
SCAN, WALK, FETCH = 0.05, 1.5, 3.0

LED_BY = """s.customer_id = (
    SELECT coalesce(d.merged_into, r.customer_id)
    FROM customer_reference r JOIN customer d USING (customer_id) WHERE r.number_id = {})"""


class Way(StrEnum):
    FIND = "find"
    WALK = "walk"


@dataclass(frozen=True, slots=True)
class Filters:
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
class Question:
    """What is asked: `tokens` must all be there, one of `alternatives` must fit, if there are any."""

    tokens: list[int]
    alternatives: Sequence[Alternative] = ()
    prefix: str | None = None
    is_owned: bool = False
    number_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Census:
    """How many customers there are, and which share of them has a token; `rare` is that of those not listed."""

    customers: float = 0
    shares: Mapping[int, float] = field(default_factory=dict)
    rare: float = 0

    def share(self, token: int) -> float:
        return self.shares.get(token, self.rare)


def question_of(filters: Filters, pseudonyms: Pseudonyms) -> Question:
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
    return Question(
        listed(parts, pseudonyms),
        alternatives(filters, pseudonyms) if filters.q else (),
        prefix,
        is_owned=filters.ownerless is False,
        number_id=filters.number_id,
    )


def is_too_short(key: str) -> bool:
    """Say whether a text leads nowhere: one Latin letter or digit stands in every name."""
    return not key or (len(key) == 1 and key.isascii())


def alternatives(filters: Filters, pseudonyms: Pseudonyms) -> list[Alternative]:
    """Return by what somebody may be meant: part of a name, its sound, a person's whole name, the end of a phone."""
    key = folded(filters.q or "")
    tail = asked_tail(key) if filters.shows_phones else []
    ways = [(asked_grams(key), key), (asked_sound(key), key), ([(PERSON, key)], None), (tail, None)]
    return [Alternative(listed(parts, pseudonyms), words) for parts, words in ways if parts]


def way_of(question: Question, census: Census, page: int) -> Way:
    """Return by which way fewer rows are read, as far as the census tells."""
    if not question.tokens and not question.alternatives:
        return Way.WALK
    shares = [census.share(token) for token in question.tokens]
    named = [min(map(census.share, each.tokens)) for each in question.alternatives]
    share = prod(shares) * (min(1.0, sum(named)) if named else 1.0)
    scanned = min([*shares, sum(named)]) if named else min(shares, default=1.0)
    found = census.customers * (scanned * SCAN + share * FETCH)
    walked = min(census.customers, page / share if share else census.customers) * WALK
    return Way.FIND if found < walked or not census.customers else Way.WALK


def conditions(question: Question) -> tuple[str, list[Any]]:
    """Return the condition on a row `s` of the index, and its values, which begin with $3."""
    values: list[Any] = []

    def value(given: Any, kind: str) -> str:
        values.append(given)
        return f"${len(values) + 2}::{kind}"

    def fits(each: Alternative) -> str:
        held = f"s.tokens @> {value([*question.tokens, *each.tokens], 'bigint[]')}"
        # Keys hold letters and digits alone, so nothing in them means anything to LIKE.
        return f"({held} AND s.words LIKE {value(f'%{each.words}%', 'text')})" if each.words else held

    found = [" OR ".join(fits(each) for each in question.alternatives)] if question.alternatives else []
    if question.tokens and not found:
        found.append(f"s.tokens @> {value(question.tokens, 'bigint[]')}")
    if question.prefix is not None:
        found.append(f"s.words LIKE {value(f'{question.prefix or SEPARATOR}%', 'text')}")
    if question.is_owned:
        found.append("s.is_owned")
    if question.number_id:
        found.append(LED_BY.format(value(question.number_id, "uuid")))
    return " AND ".join(f"({each})" for each in found) or "true", values
