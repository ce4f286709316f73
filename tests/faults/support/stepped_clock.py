"""A PostgreSQL database whose clock can be stepped while processes use it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from chassis.postgres.database import Connection
from tests.support.servers import Database

PREPARE = """
    CREATE SCHEMA stepped;
    CREATE TABLE stepped.clock (ahead interval NOT NULL);
    INSERT INTO stepped.clock VALUES ('0');
    CREATE FUNCTION stepped.clock_timestamp() RETURNS timestamptz LANGUAGE sql
        AS 'SELECT pg_catalog.clock_timestamp() + ahead FROM stepped.clock';
    GRANT USAGE ON SCHEMA stepped TO care_app;
    GRANT SELECT ON stepped.clock TO care_app
"""
# New sessions find this clock_timestamp() before that of the server. A copy of the database lacks this setting.
USE = """
    DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET search_path = stepped, public, pg_catalog', current_database());
    END $$
"""
STEP = "UPDATE stepped.clock SET ahead = $1"


@dataclass(frozen=True, slots=True)
class SteppedClock:
    """The clock of `database`. `admin` sees the true time."""

    database: Database
    admin: Connection

    async def set_ahead(self, time: timedelta) -> None:
        """Set the clock to `time` after the true time; a negative time is before it."""
        await self.admin.execute(STEP, time)


@asynccontextmanager
async def stepped_clock(database: Database) -> AsyncIterator[SteppedClock]:
    """Give `database` a clock that can be stepped. Only sessions that begin afterwards use it."""
    admin = await asyncpg.connect(database.admin)
    await admin.execute(PREPARE)
    await admin.execute(USE)
    try:
        yield SteppedClock(database, admin)
    finally:
        await admin.close()
