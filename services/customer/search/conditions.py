"""A search query as SQL conditions on a row `s` of the search index. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.customer.search.names import SEPARATOR
from services.customer.search.query import Alternative, SearchQuery, is_too_short
from services.customer.search.strategy import Census

# What was merged into another goes on there, and is found as that one.
STANDING = "s.customer_id NOT IN (SELECT customer_id FROM customer WHERE merged_into IS NOT NULL)"
LED_BY = """s.customer_id = (
    SELECT coalesce(d.merged_into, r.customer_id)
    FROM customer_reference r JOIN customer d USING (customer_id) WHERE r.number_id = {})"""


@dataclass(slots=True)
class Values:
    """The values of a statement, in the order in which it names them."""

    given: list[Any] = field(default_factory=list)

    def add(self, value: Any, kind: str) -> str:
        """Return how the statement names this value."""
        self.given.append(value)
        return f"${len(self.given)}::{kind}"


def to_find(query: SearchQuery, values: Values, census: Census) -> list[str]:
    """Return conditions that the index answers, one for each alternative: a row is wanted that fits any.

    Apart, each is answered by the index alone; in one condition, each row would be held against all of them again.
    """
    rest = others(query, values)
    ways = query.alternatives or [Alternative([])]
    return [all_of([*rest, *fitting(query, each, values, census)]) for each in ways]


def to_walk(query: SearchQuery, values: Values) -> str:
    """Return a condition for rows that are looked at one by one: what is told soonest comes first."""
    rest = others(query, values)
    tokens = [is_among(token, values) for token in query.tokens]
    ways = [
        all_of([*saying(each, values), *(is_among(token, values) for token in each.tokens)])
        for each in query.alternatives
    ]
    return all_of([*rest, *tokens, *([" OR ".join(f"({way})" for way in ways)] if ways else [])])


def fitting(query: SearchQuery, each: Alternative, values: Values, census: Census) -> Iterator[str]:
    tokens = [*query.tokens, *each.tokens]
    leading = census.leading(tokens)
    if leading:
        yield f"s.tokens @> {values.add(leading, 'bigint[]')}"
    yield from saying(each, values)
    yield from (is_among(token, values) for token in tokens if token not in leading)


def is_among(token: int, values: Values) -> str:
    return f"{values.add(token, 'bigint')} = ANY(s.tokens)"


def saying(each: Alternative, values: Values) -> list[str]:
    # Keys hold letters and digits alone, so nothing in them means anything to LIKE.
    return [f"s.words LIKE {values.add(f'%{each.words}%', 'text')}"] if each.words else []


def others(query: SearchQuery, values: Values) -> list[str]:
    """Return what is asked beside tokens."""
    found = [STANDING]
    if query.prefix is not None:
        found.append(begins(query.prefix, values))
    if query.is_owned:
        found.append("s.is_owned")
    if query.number_id:
        found.append(LED_BY.format(values.add(query.number_id, "uuid")))
    return found


def begins(prefix: str, values: Values) -> str:
    """Of a prefix that no token leads to, one character decides; that has an index of its own."""
    if is_too_short(prefix):
        return f"left(s.words, 1) = {values.add(prefix or SEPARATOR, 'text')}"
    return f"s.words LIKE {values.add(f'{prefix}%', 'text')}"


def all_of(conditions: Sequence[str]) -> str:
    return " AND ".join(f"({each})" for each in conditions)
