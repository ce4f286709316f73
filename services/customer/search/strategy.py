"""Chooses how to read a page of customers with the fewest rows, and when to give up and try the other method. Pure.

FIND collects all matches from the token index and takes the first ones: fast if few match. WALK reads customers in id
order until the page is full: fast if many match. The number of matches is only an estimate, so each method stops at
twice the expected rows and the other one takes over. A wrong estimate never makes a query read every customer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil, prod

from services.customer.search.query import SearchQuery

# The cost of one row in microseconds: an index scan, a read in id order, a random lookup.
SCAN, WALK, FETCH = 0.03, 4.0, 2.5
# FIND collects at most this many rows: if more match, WALK soon fills a page.
MAX_FOUND = 10_000
MIN_WALKED = 5_000
TOLERANCE = 2
# A token this many times as common as the rarest is checked on the rows, not in the index.
TOO_COMMON = 150
# The upper bound of the share of a token that the statistics do not list.
RARE = 0.0004
# From this share on, counting walks, since it reaches its limit after at most twice as many rows.
WALK_SHARE = 0.5


class Method(StrEnum):
    FIND = "find"
    WALK = "walk"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: the method, and the number of rows after which it gives up; None for no limit."""

    method: Method
    max_rows: int | None = None


@dataclass(frozen=True, slots=True)
class TokenStatistics:
    """The number of customers, and the share of customers for each of the most common tokens."""

    customers: float = 0
    shares: Mapping[int, float] = field(default_factory=dict)

    def share(self, token: int) -> float:
        return self.shares.get(token, 0)

    def selective(self, tokens: Sequence[int]) -> list[int]:
        """Return the tokens to look up in the index; the others are checked on each row."""
        bound = TOO_COMMON * max(RARE, min(map(self.share, tokens), default=0))
        return [token for token in tokens if self.share(token) <= bound]


def attempts_of(query: SearchQuery, statistics: TokenStatistics, page: int) -> list[Attempt]:
    """Return the attempts for a page, in order. The last one is always complete."""
    if query.number_id or not has_tokens(query):
        return [Attempt(Method.WALK)]
    share = share_of(query, statistics)
    found = statistics.customers * (scanned(query, statistics) * SCAN + share * FETCH)
    walked = min(statistics.customers, page / share if share else statistics.customers) * WALK
    if found < walked or not statistics.customers:
        passed = TOLERANCE * page * statistics.customers / MAX_FOUND
        return [
            Attempt(Method.FIND, MAX_FOUND),
            Attempt(Method.WALK, max(MIN_WALKED, ceil(passed))),
            Attempt(Method.FIND),
        ]
    return [Attempt(Method.WALK, max(MIN_WALKED, ceil(TOLERANCE * page / share))), Attempt(Method.FIND)]


def count_method(query: SearchQuery, statistics: TokenStatistics) -> Method:
    """Return the method to count the matches up to a limit."""
    return Method.FIND if has_tokens(query) and share_of(query, statistics) < WALK_SHARE else Method.WALK


def has_tokens(query: SearchQuery) -> bool:
    return bool(query.tokens or query.alternatives)


def share_of(query: SearchQuery, statistics: TokenStatistics) -> float:
    """Estimate the share of all customers that match."""
    named = [min(map(statistics.share, each.tokens)) for each in query.alternatives]
    return prod(map(statistics.share, query.tokens)) * (min(1.0, sum(named)) if named else 1.0)


def scanned(query: SearchQuery, statistics: TokenStatistics) -> float:
    """Estimate the index entries scanned, per customer."""
    ways = [each.tokens for each in query.alternatives] or [[]]
    return sum(sum(map(statistics.share, statistics.selective([*query.tokens, *own]))) for own in ways)
