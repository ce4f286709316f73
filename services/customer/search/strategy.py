"""By which way the fewest rows are read for a page of customers, and how much of it is tried before another one. Pure.

To *find* is to collect from the index all who fit and to take the first of them: fast where few fit. To *walk* is to go
through the customers in their order until a page is full: fast where many fit. How many fit is only ever guessed, so
each way gives up for the other where it meets twice what was expected, and no guess makes it read everybody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil, prod

from services.customer.search.query import SearchQuery

# What one row costs, in microseconds: to be passed in the index, to be looked at in order, to be looked up at random.
SCAN, WALK, FETCH = 0.03, 4.0, 2.5
# More than these are not worth collecting for a page: of so many, a walk meets enough soon.
MOST_FOUND = 10_000
LEAST_WALKED = 5_000
PATIENCE = 2
# A token that so many times as many have as the rarest is told by the rows sooner than by the index.
TOO_COMMON = 150
# What is rarer than all that a census lists has about this share at most.
RARE = 0.0004
# From this share on, a limit is reached by walking through twice as many.
MOST = 0.5


class Way(StrEnum):
    FIND = "find"
    WALK = "walk"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: which way, and how many rows it may collect or pass before it is given up; None for all."""

    way: Way
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Census:
    """How many customers there are, and which share of them has a token; only the commonest are listed."""

    customers: float = 0
    shares: Mapping[int, float] = field(default_factory=dict)

    def share(self, token: int) -> float:
        return self.shares.get(token, 0)

    def leading(self, tokens: Sequence[int]) -> list[int]:
        """Return those that the index is asked for; whether a row has the others, it tells itself."""
        bound = TOO_COMMON * max(RARE, min(map(self.share, tokens), default=0))
        return [token for token in tokens if self.share(token) <= bound]


def attempts_of(query: SearchQuery, census: Census, page: int) -> list[Attempt]:
    """Return what is tried for a page, one after the other; the last always answers."""
    if query.number_id or not leads_anywhere(query):
        return [Attempt(Way.WALK)]
    share = share_of(query, census)
    found = census.customers * (scanned(query, census) * SCAN + share * FETCH)
    walked = min(census.customers, page / share if share else census.customers) * WALK
    if found < walked or not census.customers:
        passed = PATIENCE * page * census.customers / MOST_FOUND
        return [Attempt(Way.FIND, MOST_FOUND), Attempt(Way.WALK, max(LEAST_WALKED, ceil(passed))), Attempt(Way.FIND)]
    return [Attempt(Way.WALK, max(LEAST_WALKED, ceil(PATIENCE * page / share))), Attempt(Way.FIND)]


def way_to_count(query: SearchQuery, census: Census) -> Way:
    """Return how those who fit are counted, up to a limit."""
    return Way.FIND if leads_anywhere(query) and share_of(query, census) < MOST else Way.WALK


def leads_anywhere(query: SearchQuery) -> bool:
    return bool(query.tokens or query.alternatives)


def share_of(query: SearchQuery, census: Census) -> float:
    """Guess which share of all customers fits."""
    named = [min(map(census.share, each.tokens)) for each in query.alternatives]
    return prod(map(census.share, query.tokens)) * (min(1.0, sum(named)) if named else 1.0)


def scanned(query: SearchQuery, census: Census) -> float:
    """Guess how much of the index is passed, for each customer that there is."""
    ways = [each.tokens for each in query.alternatives] or [[]]
    return sum(sum(map(census.share, census.leading([*query.tokens, *own]))) for own in ways)
