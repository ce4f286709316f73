"""Advisory locks between the switch of a rebuild and transactions that write the tables without moving a position."""

from chassis.postgres.database import Connection

KEEP_TABLES = "SELECT pg_advisory_xact_lock_shared(hashtext('care.rebuild'), hashtext($1))"
LOCK_TABLES = "SELECT pg_advisory_xact_lock(hashtext('care.rebuild'), hashtext($1))"


async def keep_tables(held: Connection, consumer: str) -> None:
    """Wait for a switch of the tables of this consumer, and prevent one until the transaction ends."""
    await held.execute(KEEP_TABLES, consumer)


async def lock_tables(held: Connection, consumer: str) -> None:
    """Wait until nobody keeps the tables of this consumer, and let nobody keep them until the transaction ends."""
    await held.execute(LOCK_TABLES, consumer)
