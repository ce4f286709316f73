"""Shadow tables: copies of a read model's tables in another schema, which then replace the live tables.

Keys, indexes and constraints (with their names), storage options, statistics targets and privileges are copied, and
views are recreated on the new tables. Foreign keys and triggers are not copied: read models have none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.postgres.database import Connection

SCHEMA, RETIRED, LIVE = "rebuild", "retired", "public"

OPTIONS = (
    "SELECT coalesce(' WITH (' || array_to_string(reloptions, ', ') || ')', '') FROM pg_class WHERE oid = $1::regclass"
)
# LIKE does not copy them. PostgreSQL 17 replaced the target -1 by NULL.
STATISTICS = """
    SELECT format('ALTER TABLE %I.%I ALTER %I SET STATISTICS %s', $2::text, c.relname, a.attname, a.attstattarget)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attstattarget >= 0
"""
KEYS = """
    SELECT format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', $2::text, r.relname, c.conname, pg_get_constraintdef(c.oid))
    FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
    WHERE c.conrelid = $1::regclass AND c.contype IN ('p', 'u', 'x') ORDER BY c.conname
"""
INDEXES = """
    SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE i.indrelid = $1::regclass AND i.indisunique = $2
        AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.conrelid = i.indrelid)
"""
PRIVILEGES = """
    SELECT format('GRANT %s ON %I.%I TO %s', string_agg(a.privilege_type, ', '), $2::text, c.relname,
        CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END)
    FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = $1::regclass GROUP BY c.relname, a.grantee
"""
# Read before the switch: the definitions then name tables without a schema, and later resolve to the new tables.
VIEWS = """
    SELECT format('CREATE OR REPLACE VIEW %I.%I%s AS %s', n.nspname, c.relname,
        coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', ''), pg_get_viewdef(c.oid))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'v' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
"""


@dataclass(frozen=True, slots=True)
class ShadowTables:
    """Copies of `tables`. Each method runs in the caller's transaction and needs a connection as the tables' owner."""

    tables: Sequence[str]

    async def create(self, held: Connection) -> None:
        """Create empty copies with keys and unique indexes. Copies left over from an earlier rebuild are dropped."""
        await held.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")
        for table in self.tables:
            live = f"{LIVE}.{table}"
            options = await held.fetchval(OPTIONS, live)
            await held.execute(f"CREATE TABLE {SCHEMA}.{table} (LIKE {live} INCLUDING ALL EXCLUDING INDEXES){options}")
            for query in (STATISTICS, KEYS):
                for (statement,) in await held.fetch(query, live, SCHEMA):
                    await held.execute(statement)
            await self._add_indexes(held, table, unique=True)

    async def complete(self, held: Connection, tables: Sequence[str]) -> None:
        """Add the other indexes, which would have slowed down filling these tables, and the privileges."""
        for table in tables:
            await self._add_indexes(held, table, unique=False)
            for (grant,) in await held.fetch(PRIVILEGES, f"{LIVE}.{table}", SCHEMA):
                await held.execute(grant)
            await held.execute(f"ANALYZE {SCHEMA}.{table}")

    async def _add_indexes(self, held: Connection, table: str, *, unique: bool) -> None:
        for (definition,) in await held.fetch(INDEXES, f"{LIVE}.{table}", unique):
            await held.execute(definition.replace(f" ON {LIVE}.{table} ", f" ON {SCHEMA}.{table} ", 1))

    async def switch(self, held: Connection) -> None:
        """Replace the live tables with the copies and drop them. Readers wait for the commit and never see a mix."""
        await held.execute(f"SET LOCAL search_path = {LIVE}")
        await held.execute(f"LOCK TABLE {', '.join(self.tables)} IN ACCESS EXCLUSIVE MODE")
        views = [definition for (definition,) in await held.fetch(VIEWS)]
        await held.execute(f"CREATE SCHEMA {RETIRED}")
        for table in self.tables:
            await held.execute(
                f"ALTER TABLE {LIVE}.{table} SET SCHEMA {RETIRED}; ALTER TABLE {SCHEMA}.{table} SET SCHEMA {LIVE}"
            )
        for definition in views:
            await held.execute(definition)
        # Without CASCADE: an object that somebody else created on a table is not dropped, and the switch fails.
        await held.execute(f"DROP TABLE {', '.join(f'{RETIRED}.{table}' for table in self.tables)}")
        await held.execute(f"DROP SCHEMA {RETIRED}; DROP SCHEMA {SCHEMA}")

    async def discard(self, held: Connection) -> None:
        await held.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
