"""Reads a page of customers from the search index, by the attempt that reads the fewest rows."""

from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import Any
from uuid import UUID

import asyncpg

from chassis.postgres.database import Connection, Pool, transaction
from chassis.store.pseudonym import Pseudonyms
from services.customer.search.conditions import Values, to_find, to_walk
from services.customer.search.query import CustomerFilters, SearchQuery, query_of
from services.customer.search.strategy import Attempt, Census, Way, attempts_of, way_to_count

BEGINNING = UUID(int=0)
CENSUS_SECONDS = 60.0
# What ANALYZE keeps of the column: the commonest elements, and for each the share of rows that hold it.
CENSUS = """
    SELECT most_common_elems::text::bigint[] AS tokens, most_common_elem_freqs::float8[] AS shares,
        (SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'customer_search'::regclass)::float8 AS customers
    FROM pg_stats WHERE schemaname = current_schema() AND tablename = 'customer_search' AND attname = 'tokens'
"""
# The planner knows neither how names hang together nor where in the order the matches lie, so the way is ours to say.
# Starting another process to help takes longer than a page.
SETTING = """
    SELECT set_config('enable_seqscan', 'off', true), set_config('max_parallel_workers_per_gather', '0', true),
        set_config('enable_bitmapscan', '{}', true)
"""
SETTINGS = {Way.FIND: SETTING.format("on"), Way.WALK: SETTING.format("off")}
# In a form that the index of ids does not answer: the one of tokens has to.
FITTING = "SELECT s.customer_id FROM customer_search s WHERE (s.customer_id > $1) IS TRUE AND {}"
FIND = """
    WITH fitting AS MATERIALIZED ({fitting} LIMIT {most}),
    page AS MATERIALIZED (SELECT DISTINCT customer_id FROM fitting ORDER BY customer_id LIMIT $2)
"""
WALK = """
    WITH page AS MATERIALIZED (
        SELECT s.customer_id FROM customer_search s WHERE s.customer_id > $1 AND {fitting}
        ORDER BY s.customer_id LIMIT $2
    )
"""
WALK_A_WHILE = """
    WITH page AS MATERIALIZED (
        SELECT s.customer_id FROM (
            SELECT * FROM customer_search WHERE customer_id > $1 ORDER BY customer_id LIMIT {most}
        ) s WHERE {fitting} ORDER BY s.customer_id LIMIT $2
    )
"""
SHOW = """
    {page} SELECT {columns}, {collected} AS collected
    FROM page JOIN customer c USING (customer_id) LEFT JOIN vault v ON v.id = c.name_ref ORDER BY c.customer_id
"""
COLLECTED = {Way.FIND: "(SELECT count(*) FROM fitting)", Way.WALK: "0"}
GOES_ON = "SELECT EXISTS (SELECT FROM customer_search WHERE customer_id > $1 ORDER BY customer_id OFFSET $2)"
COUNT_FOUND = "SELECT count(DISTINCT customer_id) FROM ({fitting} LIMIT $2) fitting"
COUNT_WALKED = """
    SELECT count(*) FROM (SELECT FROM customer_search s WHERE s.customer_id > $1 AND {fitting} LIMIT $2) fitting
"""


class Search:
    """Finds customers in the order of their ids."""

    def __init__(self, pool: Pool, pseudonyms: Pseudonyms, clock: Callable[[], float] = monotonic) -> None:
        self._pool = pool
        self._pseudonyms = pseudonyms
        self._clock = clock
        self._census = Census()
        self._counted_at: float | None = None

    async def page(
        self, columns: str, filters: CustomerFilters, after: UUID | None, limit: int
    ) -> Sequence[asyncpg.Record]:
        """Return up to `limit` rows with these columns of the customer `c` and its name in the vault `v`."""
        query = query_of(filters, self._pseudonyms)
        census, place = await self._counted(), after or BEGINNING
        *tried, last = attempts_of(query, census, limit)
        ask = partial(taken, columns, query, census, place, limit)
        async with transaction(self._pool) as held:
            for attempt in tried:
                rows = await ask(held, attempt)
                if await is_answer(held, attempt, rows, place, limit):
                    return rows
            return await ask(held, last)

    async def count(self, filters: CustomerFilters, most: int) -> int:
        """Return how many fit, or `most` where there are as many or more."""
        query, values = query_of(filters, self._pseudonyms), Values([BEGINNING, most])
        census = await self._counted()
        way = way_to_count(query, census)
        if way is Way.FIND:
            statement = COUNT_FOUND.format(fitting=any_of(to_find(query, values, census)))
        else:
            statement = COUNT_WALKED.format(fitting=to_walk(query, values))
        async with transaction(self._pool) as held:
            await held.execute(SETTINGS[way])
            found: int = await held.fetchval(statement, *values.given)
            return found

    async def _counted(self) -> Census:
        if self._counted_at is None or self._clock() > self._counted_at + CENSUS_SECONDS:
            row = await self._pool.fetchrow(CENSUS)
            self._census = census_of(row) if row and row["tokens"] else Census()
            self._counted_at = self._clock()
        return self._census


async def taken(
    columns: str, query: SearchQuery, census: Census, after: UUID, limit: int, held: Connection, attempt: Attempt
) -> Sequence[asyncpg.Record]:
    """Return the rows that one attempt finds."""
    await held.execute(SETTINGS[attempt.way])
    page, values = page_of(query, census, attempt, after, limit)
    # Conditions and columns come from our own modules; what was asked is in the values.
    statement = SHOW.format(page=page, columns=columns, collected=COLLECTED[attempt.way])
    rows: Sequence[asyncpg.Record] = await held.fetch(statement, *values)
    return rows


def page_of(query: SearchQuery, census: Census, attempt: Attempt, after: UUID, limit: int) -> tuple[str, list[Any]]:
    """Return the beginning of the statement, which makes `page`, and the values."""
    values = Values([after, limit])
    if attempt == Attempt(Way.WALK):
        return WALK.format(fitting=to_walk(query, values)), values.given
    if attempt.way is Way.WALK:
        form, fitting = WALK_A_WHILE, to_walk(query, values)
    else:
        form, fitting = FIND, any_of(to_find(query, values, census))
    return form.format(fitting=fitting, most=values.add(attempt.most, "bigint")), values.given


def any_of(branches: Sequence[str]) -> str:
    return " UNION ALL ".join(FITTING.format(each) for each in branches)


async def is_answer(
    held: Connection, attempt: Attempt, rows: Sequence[asyncpg.Record], after: UUID, limit: int
) -> bool:
    """Say whether the attempt read all it had to, within its limit."""
    if attempt.way is Way.FIND:
        return not rows or rows[0]["collected"] < attempt.most
    return len(rows) == limit or not await held.fetchval(GOES_ON, after, attempt.most)


def census_of(row: asyncpg.Record) -> Census:
    # Behind the shares of the elements stand the least and the greatest of them.
    return Census(row["customers"], dict(zip(row["tokens"], row["shares"], strict=False)))
