"""Digests of all tables of a database, to show that nothing changed."""

from chassis.postgres.database import Pool

TABLES = """
    SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND c.relname <> ALL($1) AND has_table_privilege(c.oid, 'SELECT')
    ORDER BY name
"""
# These change with time, without any input.
CHANGES_BY_ITSELF = ["consumer_position", "relay_lease"]


async def digests(pool: Pool) -> dict[str, tuple[int, str | None]]:
    """Return the number of rows and a digest of their content, by table."""
    names = [row["name"] for row in await pool.fetch(TABLES, CHANGES_BY_ITSELF)]
    return {name: await digest(pool, name) for name in names}


async def digest(pool: Pool, name: str) -> tuple[int, str | None]:
    row = await pool.fetchrow(f"SELECT count(*), md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {name} t")
    assert row
    return row[0], row[1]
