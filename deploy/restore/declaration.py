"""Begins a new epoch of every store, and sets consumers back that are ahead of a restored store."""

from collections.abc import Collection, Mapping
from typing import Protocol
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.store.mapper import EventMapper
from deploy.restore.observation import FEEDS, STORES, Applied, Connections, Store, last_positions
from services.alerts.detection.derivation import Derivation
from services.alerts.detection.stored_rules import StoredRules
from services.alerts.shipped.rules import DEFAULT_RULES
from services.reporting import projection


class FactLog(Protocol):
    """A fact log with the tables that are derived from it."""

    async def delete_after(self, held: Connection, feed: str, position: int) -> None: ...


# The databases with a fact log. Their read models need no rebuild after a restore.
FACT_LOGS: Mapping[str, FactLog] = {
    "reporting": projection.MODEL,
    "alerts": Derivation(EventMapper(), StoredRules(DEFAULT_RULES)),
}

NEW_EPOCH = "UPDATE store_epoch SET epoch = gen_random_uuid(), began_at = clock_timestamp() RETURNING epoch"
ENTER_EPOCH = "UPDATE consumer_position SET epoch = $2 WHERE topic = $1"
SET_BACK = """
    UPDATE consumer_position p SET position = n.position, event_id = NULL
    FROM unnest($2::integer[], $3::bigint[]) AS n(partition, position)
    WHERE p.topic = $1 AND p.partition = n.partition AND p.position > n.position
"""
# The store has lost these events, and assigns their positions to others.
DELETE_LOST = """
    DELETE FROM {table} p USING unnest($2::integer[], $3::bigint[]) AS n(partition, position)
    WHERE p.topic = $1 AND p.partition = n.partition AND p.position > n.position
"""
STATEMENTS = (SET_BACK, *(DELETE_LOST.format(table=name) for name in ("parked_event", "discarded_event")))


class RestoreRefusedError(Exception):
    """The restore cannot be declared. The message says what to do first."""


def ensure_possible(
    running: Collection[str], stores: Mapping[str, Store], applied: Collection[Applied], set_back: Collection[str]
) -> None:
    """Raise RestoreRefusedError while a service runs, or if a database is ahead and is not to be set back."""
    if running:
        raise RestoreRefusedError(f"Stop all services first: connected to the databases are {', '.join(running)}.")
    ahead = {each.database for each in applied if each.fault}
    if missing := sorted(ahead - set(set_back)):
        raise RestoreRefusedError(
            f"{', '.join(missing)} applied events that a restored store does not have. Restore it to the same instant,"
            f" or set its consumers back: {' '.join(f'--set-back {name}' for name in missing)}"
        )
    if diverged := [each for each in applied if each.fault and each.position <= stores[owner_of(each)].head]:
        raise RestoreRefusedError(
            f"{diverged[0].fault}: the store has appended events since, so the last common event is unknown."
            " Restore all databases to the same instant."
        )


def owner_of(applied: Applied) -> str:
    return FEEDS[applied.topic].owner


async def declare(databases: Connections, stores: Mapping[str, Store], applied: Collection[Applied]) -> dict[str, UUID]:
    """Set back the consumers that are ahead, and begin a new epoch of every store. Return the epochs."""
    for name, topic in sorted({(each.database, each.topic) for each in applied if each.fault}):
        store = stores[FEEDS[topic].owner]
        last = await last_positions(databases[store.name], FEEDS[topic], store.head)
        async with databases[name].transaction():
            for statement in STATEMENTS:
                await databases[name].execute(statement, topic, list(last), list(last.values()))
            if name in FACT_LOGS:
                await FACT_LOGS[name].delete_after(databases[name], store.name, store.head)
    epochs = {store: await databases[store].fetchval(NEW_EPOCH) for store in STORES}
    for connection in databases.values():
        for feed in FEEDS.values():
            await connection.execute(ENTER_EPOCH, feed.name, epochs[feed.owner])
    return epochs
