"""Reads what the databases say of themselves and of each other: stores, epochs, and how far consumers have applied."""

from collections.abc import Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from chassis.kafka.client import partition_of
from chassis.kafka.records import event_id_of
from chassis.postgres.database import use_jsonb_codec
from contracts.topics import EVENT_TOPICS, Topic

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DATABASES = ("customer", "followup", "alerts", "reporting")
FEEDS: dict[str, Topic] = {topic.name: topic for topic in EVENT_TOPICS}
STORES = tuple(topic.owner for topic in EVENT_TOPICS)
READ_BATCH = 1_000

# The pools of the services name themselves so.
SERVICE_SESSIONS = """
    SELECT DISTINCT application_name FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'care-%' ORDER BY 1
"""
STORE = """
    SELECT h.position AS head, e.epoch FROM store_head h, store_epoch e
"""
APPLIED = """
    SELECT consumer, topic, partition, position, event_id FROM consumer_position
    WHERE topic = ANY($1) AND position > 0 ORDER BY consumer, topic, partition
"""
EVENT_AT = "SELECT position, stream_id, version, state FROM event WHERE position = $1"
BEFORE = "SELECT position, subject FROM event WHERE position <= $1 ORDER BY position DESC LIMIT $2"

Connections = Mapping[str, "asyncpg.Connection[asyncpg.Record]"]


@dataclass(frozen=True, slots=True)
class Store:
    """A store: its last position and its epoch."""

    name: str
    head: int
    epoch: UUID


@dataclass(frozen=True, slots=True)
class Applied:
    """How far a consumer in `database` has applied a partition. `fault` is empty if the store agrees."""

    database: str
    consumer: str
    topic: str
    partition: int
    position: int
    fault: str


@asynccontextmanager
async def connected(urls: Mapping[str, str]) -> "AsyncIterator[Connections]":
    """Connect to each database as the owner of its tables. Values are converted as in the services."""
    async with AsyncExitStack() as stack:
        opened = {}
        for name, url in urls.items():
            opened[name] = await asyncpg.connect(url)
            stack.push_async_callback(opened[name].close)
            await use_jsonb_codec(opened[name])
        yield opened


async def stores(databases: Connections) -> list[Store]:
    return [Store(name, **await row_of(databases[name], STORE)) for name in STORES]


async def connected_services(databases: Connections) -> list[str]:
    """Return the names of the services that are connected to any of the databases."""
    found = [row["application_name"] for each in databases.values() for row in await each.fetch(SERVICE_SESSIONS)]
    return sorted(set(found))


async def applied(databases: Connections, found: Mapping[str, Store]) -> list[Applied]:
    """Return the positions of all consumers, compared with the stores."""
    positions = []
    for name in DATABASES:
        for row in await databases[name].fetch(APPLIED, list(FEEDS)):
            store = found[FEEDS[row["topic"]].owner]
            fault = await fault_of(databases[store.name], store, row["position"], row["event_id"])
            place = (row["consumer"], row["topic"], row["partition"], row["position"])
            positions.append(Applied(name, *place, fault))
    return positions


async def fault_of(
    database: "asyncpg.Connection[asyncpg.Record]", store: Store, position: int, event_id: UUID | None
) -> str:
    """Return how the position of a consumer contradicts a store; empty if it does not."""
    if position > store.head:
        return f"{store.name} ends at {store.head}"
    row = await database.fetchrow(EVENT_AT, position)
    if event_id and (row is None or event_id_of(row) != str(event_id)):
        return f"{store.name} holds another event at {position}"
    return ""


async def last_positions(database: "asyncpg.Connection[asyncpg.Record]", topic: Topic, head: int) -> dict[int, int]:
    """Return the last position of each partition in a store; 0 for a partition without an event."""
    found: dict[int, int] = {}
    position = head
    while len(found) < topic.partitions and (rows := await database.fetch(BEFORE, position, READ_BATCH)):
        for row in rows:
            found.setdefault(partition_of(str(row["subject"]).encode(), topic.partitions), row["position"])
        position = rows[-1]["position"] - 1
    return {number: found.get(number, 0) for number in range(topic.partitions)}


async def row_of(database: "asyncpg.Connection[asyncpg.Record]", statement: str) -> asyncpg.Record:
    row = await database.fetchrow(statement)
    if row is None:
        raise LookupError("a table of the store is empty")
    return row
