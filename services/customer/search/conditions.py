"""A search query as SQL conditions on a row `s` of the search index. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.customer.search.names import SEPARATOR
from services.customer.search.query import Alternative, SearchQuery, is_too_short
from services.customer.search.strategy import TokenStatistics

# A merged customer is found as the one that it was merged into.
NOT_MERGED = "s.customer_id NOT IN (SELECT customer_id FROM customer WHERE merged_into IS NOT NULL)"
HAS_NUMBER = """s.customer_id = (
    SELECT coalesce(d.merged_into, r.customer_id)
    FROM customer_reference r JOIN customer d USING (customer_id) WHERE r.number_id = {})"""


@dataclass(slots=True)
class Values:
    """The arguments of a statement, in order."""

    arguments: list[Any] = field(default_factory=list)

    def add(self, value: Any, kind: str) -> str:
        """Add an argument and return its placeholder."""
        self.arguments.append(value)
        return f"${len(self.arguments)}::{kind}"


def index_conditions(query: SearchQuery, values: Values, statistics: TokenStatistics) -> list[str]:
    """Return conditions for the token index, one for each alternative. A matching row satisfies one of them.

    They are separate so that the index answers each alone. In one condition, each row would be checked against all.
    """
    rest = other_conditions(query, values)
    ways = query.alternatives or [Alternative([])]
    return [all_of([*rest, *alternative_conditions(query, each, values, statistics)]) for each in ways]


def row_condition(query: SearchQuery, values: Values) -> str:
    """Return a condition for rows that are read one by one. Cheap checks come first."""
    rest = other_conditions(query, values)
    tokens = [has_token(token, values) for token in query.tokens]
    ways = [
        all_of([*text_conditions(each, values), *(has_token(token, values) for token in each.tokens)])
        for each in query.alternatives
    ]
    return all_of([*rest, *tokens, *([" OR ".join(f"({way})" for way in ways)] if ways else [])])


def alternative_conditions(
    query: SearchQuery, each: Alternative, values: Values, statistics: TokenStatistics
) -> Iterator[str]:
    tokens = [*query.tokens, *each.tokens]
    selective = statistics.selective(tokens)
    if selective:
        yield f"s.tokens @> {values.add(selective, 'bigint[]')}"
    yield from text_conditions(each, values)
    yield from (has_token(token, values) for token in tokens if token not in selective)


def has_token(token: int, values: Values) -> str:
    return f"{values.add(token, 'bigint')} = ANY(s.tokens)"


def text_conditions(each: Alternative, values: Values) -> list[str]:
    # Keys hold letters and digits only, so they contain no wildcard of LIKE.
    return [f"s.words LIKE {values.add(f'%{each.words}%', 'text')}"] if each.words else []


def other_conditions(query: SearchQuery, values: Values) -> list[str]:
    """Return the conditions other than tokens."""
    found = [NOT_MERGED]
    if query.prefix is not None:
        found.append(prefix_condition(query.prefix, values))
    if query.is_owned:
        found.append("s.is_owned")
    if query.number_id:
        found.append(HAS_NUMBER.format(values.add(query.number_id, "uuid")))
    return found


def prefix_condition(prefix: str, values: Values) -> str:
    """A prefix without tokens is compared by its first character, which has its own index."""
    if is_too_short(prefix):
        return f"left(s.words, 1) = {values.add(prefix or SEPARATOR, 'text')}"
    return f"s.words LIKE {values.add(f'{prefix}%', 'text')}"


def all_of(conditions: Sequence[str]) -> str:
    return " AND ".join(f"({each})" for each in conditions)
