"""Reads a page of customers from the search index with the strategy that reads the fewest rows."""

from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import Any
from uuid import UUID

import asyncpg

from chassis.postgres.database import Connection, Pool, transaction
from chassis.store.pseudonym import Pseudonyms
from services.customer.search.conditions import Values, index_conditions, row_condition
from services.customer.search.query import CustomerFilters, SearchQuery, query_of
from services.customer.search.strategy import Attempt, Method, TokenStatistics, attempts_of, count_method

BEGINNING = UUID(int=0)
STATISTICS_SECONDS = 60.0
# The statistics of ANALYZE: the most common tokens, each with its share of rows.
STATISTICS = """
    SELECT most_common_elems::text::bigint[] AS tokens, most_common_elem_freqs::float8[] AS shares,
        (SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'customer_search'::regclass)::float8 AS customers
    FROM pg_stats WHERE schemaname = current_schema() AND tablename = 'customer_search' AND attname = 'tokens'
"""
# The planner knows neither how tokens correlate nor where the matches are in id order, so we choose the method.
# Starting a parallel worker takes longer than reading a page.
SETTING = """
    SELECT set_config('enable_seqscan', 'off', true), set_config('max_parallel_workers_per_gather', '0', true),
        set_config('enable_bitmapscan', '{}', true)
"""
SETTINGS = {Method.FIND: SETTING.format("on"), Method.WALK: SETTING.format("off")}
# `IS TRUE` keeps the planner from the index of ids, so that it uses the one of tokens.
MATCHING = "SELECT s.customer_id FROM customer_search s WHERE (s.customer_id > $1) IS TRUE AND {}"
FIND = """
    WITH matching AS MATERIALIZED ({matching} LIMIT {max_rows}),
    page AS MATERIALIZED (SELECT DISTINCT customer_id FROM matching ORDER BY customer_id LIMIT $2)
"""
WALK = """
    WITH page AS MATERIALIZED (
        SELECT s.customer_id FROM customer_search s WHERE s.customer_id > $1 AND {matching}
        ORDER BY s.customer_id LIMIT $2
    )
"""
WALK_PART = """
    WITH page AS MATERIALIZED (
        SELECT s.customer_id FROM (
            SELECT * FROM customer_search WHERE customer_id > $1 ORDER BY customer_id LIMIT {max_rows}
        ) s WHERE {matching} ORDER BY s.customer_id LIMIT $2
    )
"""
SHOW = """
    {page} SELECT {columns}, {collected} AS collected
    FROM page JOIN customer c USING (customer_id) LEFT JOIN vault v ON v.id = c.name_ref ORDER BY c.customer_id
"""
COLLECTED = {Method.FIND: "(SELECT count(*) FROM matching)", Method.WALK: "0"}
HAS_MORE = "SELECT EXISTS (SELECT FROM customer_search WHERE customer_id > $1 ORDER BY customer_id OFFSET $2)"
COUNT_FOUND = "SELECT count(DISTINCT customer_id) FROM ({matching} LIMIT $2) matching"
COUNT_WALKED = """
    SELECT count(*) FROM (SELECT FROM customer_search s WHERE s.customer_id > $1 AND {matching} LIMIT $2) matching
"""


class Search:
    """Finds customers in id order."""

    def __init__(self, pool: Pool, pseudonyms: Pseudonyms, clock: Callable[[], float] = monotonic) -> None:
        self._pool = pool
        self._pseudonyms = pseudonyms
        self._clock = clock
        self._statistics = TokenStatistics()
        self._statistics_read_at: float | None = None

    async def page(
        self, columns: str, filters: CustomerFilters, after: UUID | None, limit: int
    ) -> Sequence[asyncpg.Record]:
        """Return up to `limit` rows with these columns of the customer `c` and its name in the vault `v`."""
        query = query_of(filters, self._pseudonyms)
        statistics, start = await self._current_statistics(), after or BEGINNING
        *first, last = attempts_of(query, statistics, limit)
        read = partial(rows_of, columns, query, statistics, start, limit)
        async with transaction(self._pool) as held:
            for attempt in first:
                rows = await read(held, attempt)
                if await is_complete(held, attempt, rows, start, limit):
                    return rows
            return await read(held, last)

    async def count(self, filters: CustomerFilters, limit: int) -> int:
        """Return how many match, `limit` at most."""
        query, values = query_of(filters, self._pseudonyms), Values([BEGINNING, limit])
        statistics = await self._current_statistics()
        method = count_method(query, statistics)
        if method is Method.FIND:
            statement = COUNT_FOUND.format(matching=any_of(index_conditions(query, values, statistics)))
        else:
            statement = COUNT_WALKED.format(matching=row_condition(query, values))
        async with transaction(self._pool) as held:
            await held.execute(SETTINGS[method])
            found: int = await held.fetchval(statement, *values.arguments)
            return found

    async def _current_statistics(self) -> TokenStatistics:
        if self._statistics_read_at is None or self._clock() > self._statistics_read_at + STATISTICS_SECONDS:
            row = await self._pool.fetchrow(STATISTICS)
            self._statistics = statistics_of(row) if row and row["tokens"] else TokenStatistics()
            self._statistics_read_at = self._clock()
        return self._statistics


async def rows_of(
    columns: str,
    query: SearchQuery,
    statistics: TokenStatistics,
    after: UUID,
    limit: int,
    held: Connection,
    attempt: Attempt,
) -> Sequence[asyncpg.Record]:
    """Return the rows of one attempt."""
    await held.execute(SETTINGS[attempt.method])
    page, values = page_of(query, statistics, attempt, after, limit)
    # Conditions and columns come from our own modules; user input is in the arguments.
    statement = SHOW.format(page=page, columns=columns, collected=COLLECTED[attempt.method])
    rows: Sequence[asyncpg.Record] = await held.fetch(statement, *values)
    return rows


def page_of(
    query: SearchQuery, statistics: TokenStatistics, attempt: Attempt, after: UUID, limit: int
) -> tuple[str, list[Any]]:
    """Return the start of the statement, which defines `page`, and the arguments."""
    values = Values([after, limit])
    if attempt == Attempt(Method.WALK):
        return WALK.format(matching=row_condition(query, values)), values.arguments
    if attempt.method is Method.WALK:
        form, matching = WALK_PART, row_condition(query, values)
    else:
        form, matching = FIND, any_of(index_conditions(query, values, statistics))
    return form.format(matching=matching, max_rows=values.add(attempt.max_rows, "bigint")), values.arguments


def any_of(branches: Sequence[str]) -> str:
    return " UNION ALL ".join(MATCHING.format(each) for each in branches)


async def is_complete(
    held: Connection, attempt: Attempt, rows: Sequence[asyncpg.Record], after: UUID, limit: int
) -> bool:
    """Whether the attempt is complete: it did not reach its limit."""
    if attempt.method is Method.FIND:
        return not rows or rows[0]["collected"] < attempt.max_rows
    return len(rows) == limit or not await held.fetchval(HAS_MORE, after, attempt.max_rows)


def statistics_of(row: asyncpg.Record) -> TokenStatistics:
    # After the shares of the elements, the array holds their minimum and maximum.
    return TokenStatistics(row["customers"], dict(zip(row["tokens"], row["shares"], strict=False)))
