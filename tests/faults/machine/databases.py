"""The databases of a sequence, with a clock that only the sequence moves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from chassis.consume.rebuild import SESSION
from chassis.postgres.database import Connection, Pool, open_pool
from contracts.topics import ALERT_EVENTS, CUSTOMER_EVENTS
from deploy.restore.declaration import ENTER_EPOCH, NEW_EPOCH
from tests.support.servers import Database

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
CONNECTIONS = 5
# With this search path, clock_timestamp() returns the time of the sequence.
CLOCK_FIRST = {"search_path": "sequence, public, pg_catalog"}
# Processes die, not the machine, so commits need not be on disk.
PREPARE = """
    CREATE SCHEMA sequence;
    CREATE TABLE sequence.clock (at timestamptz NOT NULL);
    INSERT INTO sequence.clock VALUES ('epoch');
    CREATE FUNCTION sequence.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT at FROM sequence.clock';
    -- The processes of a sequence have no clock of their own with which it could be compared.
    CREATE FUNCTION sequence.check_clock(timestamptz) RETURNS void LANGUAGE sql AS '';
    GRANT USAGE ON SCHEMA sequence TO care_app;
    GRANT SELECT ON sequence.clock TO care_app;
    DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$
"""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL($1)"
SINGLETONS = ["schema_migrations", "relay_cursor", "relay_lease", "store_epoch"]
BEGIN = """
    SELECT setval('store_watermark_instant', 0);
    UPDATE relay_cursor SET position = 0;
    UPDATE relay_lease SET epoch = 0, expires_at = '-infinity';
"""
EXPIRE_LEASE = "UPDATE relay_lease SET expires_at = '-infinity' WHERE expires_at < $1"
COLUMNS = """
    SELECT c.oid::regclass::text AS name, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND a.attgenerated = '' AND c.relname <> 'schema_migrations'
    GROUP BY c.oid
"""
SAVE = """
    CREATE SCHEMA IF NOT EXISTS copied; DROP TABLE IF EXISTS copied.{name};
    CREATE TABLE copied.{name} AS SELECT {columns} FROM {name};
"""
BRING_BACK = """
    DELETE FROM {name}; INSERT INTO {name} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM copied.{name};
"""
# Every effect is recorded, so that a duplicate is visible.
SEEN = """
    CREATE TABLE seen (event_id uuid, subject uuid, position bigint, n bigserial);
    GRANT SELECT, INSERT ON seen TO care_app;
    GRANT USAGE ON SEQUENCE seen_n_seq TO care_app
"""


@dataclass
class Databases:
    """The state that outlives the processes of a sequence. `owner` may create tables."""

    customer: Pool
    alerts: Pool
    owner: Pool
    admins: list[Connection]
    now: datetime = START

    async def begin(self) -> None:
        """Empty the databases."""
        for admin in self.admins:
            names = [row["tablename"] for row in await admin.fetch(TABLES, SINGLETONS)]
            await admin.execute("".join(f"DELETE FROM {name};" for name in names) + BEGIN)
        self.now = START
        await self.pass_time(timedelta())

    async def copy(self) -> None:
        """Keep a copy of all tables."""
        await self._for_each_table(SAVE)

    async def restore(self) -> None:
        """Bring all tables back to the copy, and declare the restore as an operator would."""
        await self._for_each_table(BRING_BACK)
        for topic, admin in zip((CUSTOMER_EVENTS, ALERT_EVENTS), self.admins, strict=True):
            epoch = await admin.fetchval(NEW_EPOCH)
            for each in self.admins:
                await each.execute(ENTER_EPOCH, topic.name, epoch)

    async def _for_each_table(self, statements: str) -> None:
        for admin in self.admins:
            for table in await admin.fetch(COLUMNS):
                await admin.execute(statements.format(**table))

    async def pass_time(self, time: timedelta) -> None:
        self.now += time
        for admin in self.admins:
            await admin.execute("UPDATE sequence.clock SET at = $1", self.now)
            # A waiting process measures the lease with its own clock, which the sequence does not move.
            await admin.execute(EXPIRE_LEASE, self.now)


@asynccontextmanager
async def open_databases(customer: Database, alerts: Database) -> AsyncIterator[Databases]:
    admins = [await asyncpg.connect(database.admin) for database in (customer, alerts)]
    for admin in admins:
        await admin.execute(PREPARE)
    await admins[0].execute(SEEN)
    as_owner = {**SESSION, "role": "care_migrator"}
    pools = [
        await open_pool(url, size=CONNECTIONS, application_name="sequence", session=session)
        for url, session in ((customer.app, CLOCK_FIRST), (alerts.app, CLOCK_FIRST), (customer.admin, as_owner))
    ]
    own, of_alerts, of_owner = pools
    try:
        yield Databases(own, of_alerts, of_owner, list(admins))
    finally:
        for opened in pools:
            await opened.close()
        for admin in admins:
            await admin.close()
