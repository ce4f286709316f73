"""Asks the search index for a page of customers, by the way that reads fewer rows."""

from collections.abc import Callable, Sequence
from time import monotonic
from uuid import UUID

import asyncpg

from chassis.database import Pool, transaction
from chassis.pseudonym import Pseudonyms
from services.customer.searching.asking import Census, Filters, Way, conditions, question_of, way_of

BEGINNING = UUID(int=0)
CENSUS_SECONDS = 60.0
# What ANALYZE keeps of the column: the commonest elements, and for each the share of rows that hold it.
CENSUS = """
    SELECT most_common_elems::text::bigint[] AS tokens, most_common_elem_freqs::float8[] AS shares,
        (SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'customer_search'::regclass)::float8 AS customers
    FROM pg_stats WHERE schemaname = current_schema() AND tablename = 'customer_search' AND attname = 'tokens'
"""
# The planner knows neither how names hang together nor where in the order the matches lie, so the way is ours to say.
SETTINGS = {
    Way.FIND: "SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)",
    Way.WALK: "SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true),"
    " set_config('enable_bitmapscan', 'off', true)",
}
# What was merged into another goes on there, and is found as that one.
STANDING = "s.customer_id <> ALL(ARRAY(SELECT customer_id FROM customer WHERE merged_into IS NOT NULL))"
PAGE = {
    Way.FIND: """
        WITH fitting AS MATERIALIZED (
            SELECT s.customer_id FROM customer_search s WHERE {standing} AND {conditions}
        ),
        page AS MATERIALIZED (
            SELECT customer_id FROM fitting WHERE customer_id > $1 ORDER BY customer_id LIMIT $2
        )
    """,
    Way.WALK: """
        WITH page AS MATERIALIZED (
            SELECT s.customer_id FROM customer_search s WHERE s.customer_id > $1 AND {standing} AND {conditions}
            ORDER BY s.customer_id LIMIT $2
        )
    """,
}
SHOW = """
    {page} SELECT {columns} FROM page JOIN customer c USING (customer_id) LEFT JOIN vault v ON v.id = c.name_ref
    ORDER BY c.customer_id
"""
COUNT = """
    SELECT count(*) FROM (
        SELECT FROM customer_search s WHERE s.customer_id > $1 AND {standing} AND {conditions} LIMIT $2
    ) fitting
"""


class Search:
    """Finds customers in the order of their ids."""

    def __init__(self, pool: Pool, pseudonyms: Pseudonyms, clock: Callable[[], float] = monotonic) -> None:
        self._pool = pool
        self._pseudonyms = pseudonyms
        self._clock = clock
        self._census = Census()
        self._counted_at: float | None = None

    async def page(self, columns: str, filters: Filters, after: UUID | None, limit: int) -> Sequence[asyncpg.Record]:
        """Return up to `limit` rows with these columns of the customer `c` and its name in the vault `v`."""
        question = question_of(filters, self._pseudonyms)
        way = way_of(question, await self._counted(), limit)
        where, values = conditions(question)
        # Conditions and columns come from our own modules; what was asked is in the values.
        statement = SHOW.format(page=PAGE[way].format(standing=STANDING, conditions=where), columns=columns)
        async with transaction(self._pool) as held:
            await held.execute(SETTINGS[way])
            return await held.fetch(statement, after or BEGINNING, limit, *values)

    async def count(self, filters: Filters, most: int) -> int:
        """Return how many fit, or `most` where there are as many or more."""
        question = question_of(filters, self._pseudonyms)
        where, values = conditions(question)
        way = way_of(question, await self._counted(), most)
        async with transaction(self._pool) as held:
            await held.execute(SETTINGS[way])
            found: int = await held.fetchval(
                COUNT.format(standing=STANDING, conditions=where), BEGINNING, most, *values
            )
            return found

    async def _counted(self) -> Census:
        if self._counted_at is None or self._clock() > self._counted_at + CENSUS_SECONDS:
            row = await self._pool.fetchrow(CENSUS)
            self._census = census_of(row) if row and row["tokens"] else Census()
            self._counted_at = self._clock()
        return self._census


def census_of(row: asyncpg.Record) -> Census:
    # Behind the shares of the elements stand the least and the greatest of them.
    shares = dict(zip(row["tokens"], row["shares"], strict=False))
    return Census(row["customers"], shares, min(shares.values()) / 2)
