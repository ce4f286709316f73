"""A second copy of a read model's tables in a schema of its own, and the switch that puts it in the first one's place.

All that hangs on a table goes with it: keys, indexes and constraints under their own names, storage options and rights;
views are pointed at the new tables. What a read model has no use for (foreign keys, triggers) is not copied.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.postgres.database import Connection

SCHEMA, RETIRED, LIVE = "rebuild", "retired", "public"

OPTIONS = (
    "SELECT coalesce(' WITH (' || array_to_string(reloptions, ', ') || ')', '') FROM pg_class WHERE oid = $1::regclass"
)
KEYS = """
    SELECT format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', $2::text, r.relname, c.conname, pg_get_constraintdef(c.oid))
    FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
    WHERE c.conrelid = $1::regclass AND c.contype IN ('p', 'u', 'x') ORDER BY c.conname
"""
INDEXES = """
    SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE i.indrelid = $1::regclass AND i.indisunique = $2
        AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.conrelid = i.indrelid)
"""
RIGHTS = """
    SELECT format('GRANT %s ON %I.%I TO %s', string_agg(a.privilege_type, ', '), $2::text, c.relname,
        CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END)
    FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = $1::regclass GROUP BY c.relname, a.grantee
"""
# Read while the old tables stand in `public`, so that their names come without a schema and find the new ones later.
VIEWS = """
    SELECT format('CREATE OR REPLACE VIEW %I.%I%s AS %s', n.nspname, c.relname,
        coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', ''), pg_get_viewdef(c.oid))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'v' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
"""


@dataclass(frozen=True, slots=True)
class Shadow:
    """The copy. Every call needs the owner of the tables, and belongs into the caller's transaction."""

    tables: Sequence[str]

    async def create(self, held: Connection) -> None:
        """Make the copy, empty, with what tells rows apart; one left over from before is thrown away."""
        await held.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")
        for table in self.tables:
            live = f"{LIVE}.{table}"
            options = await held.fetchval(OPTIONS, live)
            await held.execute(f"CREATE TABLE {SCHEMA}.{table} (LIKE {live} INCLUDING ALL EXCLUDING INDEXES){options}")
            for (key,) in await held.fetch(KEYS, live, SCHEMA):
                await held.execute(key)
            await self._add_indexes(held, table, unique=True)

    async def complete(self, held: Connection) -> None:
        """Add what would have slowed down the filling, and the rights."""
        for table in self.tables:
            await self._add_indexes(held, table, unique=False)
            for (grant,) in await held.fetch(RIGHTS, f"{LIVE}.{table}", SCHEMA):
                await held.execute(grant)
            await held.execute(f"ANALYZE {SCHEMA}.{table}")

    async def _add_indexes(self, held: Connection, table: str, *, unique: bool) -> None:
        for (definition,) in await held.fetch(INDEXES, f"{LIVE}.{table}", unique):
            await held.execute(definition.replace(f" ON {LIVE}.{table} ", f" ON {SCHEMA}.{table} ", 1))

    async def switch(self, held: Connection) -> None:
        """Put the copy in the place of the live tables, and drop those. Readers wait for the commit, and see no mix."""
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
        # Without CASCADE: what else somebody has built on a table is not dropped with it, it stops the switch.
        await held.execute(f"DROP TABLE {', '.join(f'{RETIRED}.{table}' for table in self.tables)}")
        await held.execute(f"DROP SCHEMA {RETIRED}; DROP SCHEMA {SCHEMA}")

    async def discard(self, held: Connection) -> None:
        await held.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
