"""Reads the state of a running stack: services, Kafka and databases. Changes nothing."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
from aiokafka.admin import AIOKafkaAdminClient

from chassis.kafka.client import UNREACHABLE, close_client, partition_of
from chassis.postgres.database import Connection
from contracts.topics import ERASURE_ANSWERS, PARTITIONS, TOPICS, WATERMARKS
from deploy.doctor.observations import DatabaseObservation, KafkaObservation, Lag, Outbox, Parked, ServiceObservation
from deploy.doctor.sizes import growth, records_to_end
from deploy.stack import credentials
from deploy.stack.databases import MIGRATOR
from deploy.stack.schemas import SCHEMAS

TIMEOUT_SECONDS = 5.0
RECHECK_SECONDS = 2.0
COUNTED_EVENTS = 10_000
STORES = ("customer", "followup", "alerts")
OWN = "own"

OUTBOX = """
    SELECT h.position AS head, c.position AS cursor, l.holder,
        coalesce(extract(epoch FROM nullif(l.expires_at, '-infinity') - clock_timestamp()), 0)::float8 AS seconds_left
    FROM store_head h, relay_cursor c, relay_lease l
"""
POSITIONS = """
    SELECT consumer, topic, partition, position,
        extract(epoch FROM clock_timestamp() - watermark)::float8 AS age_seconds
    FROM consumer_position ORDER BY consumer, topic, partition
"""
PARKED = """
    SELECT consumer, count(DISTINCT subject) AS customers, count(*) AS events,
        (array_agg(reason ORDER BY parked_at, position))[1] AS reason,
        extract(day FROM clock_timestamp() - min(parked_at))::integer AS days
    FROM parked_event GROUP BY consumer ORDER BY consumer
"""
AFTER = "SELECT position, subject FROM event WHERE position > $1 ORDER BY position LIMIT $2"
UNREADABLE = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

ConsumerPartition = tuple[str, str, int]
Positions = dict[ConsumerPartition, tuple[int, float]]


async def service(name: str, url: str) -> ServiceObservation:
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            report = (await client.get(f"{url}/readyz")).json()
    except (httpx.TransportError, ValueError) as error:
        return ServiceObservation(name, problem=message_of(error))
    degraded = {task: each["detail"] for task, each in report["tasks"].items() if not each["ready"]}
    return ServiceObservation(name, faults=report["faults"], degraded=degraded)


async def issuer(url: str) -> ServiceObservation:
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            (await client.get(url)).raise_for_status()
    except httpx.HTTPError as error:
        return ServiceObservation("issuer", problem=message_of(error))
    return ServiceObservation("issuer")


async def kafka(bootstrap: str) -> KafkaObservation:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=int(TIMEOUT_SECONDS * 1000))
    try:
        async with asyncio.timeout(2 * TIMEOUT_SECONDS):
            await admin.start()
            existing = set(await admin.list_topics())
            ours = [topic.name for topic in (*TOPICS, *ERASURE_ANSWERS)]
            watermarks = [topic for topic in WATERMARKS if topic.name in existing]
            described = await admin.describe_topics([name for name in ours if name in existing])
            return KafkaObservation(
                partitions={entry["topic"]: len(entry["partitions"]) for entry in described},
                watermark_records=await records_to_end(bootstrap, watermarks),
            )
    except UNREACHABLE as error:
        return KafkaObservation(problem=message_of(error))
    finally:
        await close_client(admin.close())


async def databases(urls: Mapping[str, str], data_dir: Path) -> list[DatabaseObservation]:
    return [await database(name, urls, data_dir) for name in urls]


async def database(name: str, urls: Mapping[str, str], data_dir: Path) -> DatabaseObservation:
    """Read one service's database. If events wait, read it twice, to see whether they are processed."""
    try:
        connection = await asyncpg.connect(urls[name], timeout=TIMEOUT_SECONDS, command_timeout=TIMEOUT_SECONDS)
        try:
            missing = await missing_migrations(name, urls[name], data_dir)
            return DatabaseObservation(
                name,
                clock_ahead_seconds=await clock_ahead(connection),
                missing=missing,
                outbox=await outbox(connection) if name in STORES else None,
                lags=await lags(connection, name, urls),
                parked=[Parked(**dict(row)) for row in await connection.fetch(PARKED)],
                growth=None if missing else await growth(connection),
            )
        finally:
            await connection.close()
    except UNREADABLE as error:
        return DatabaseObservation(name, problem=message_of(error))


async def clock_ahead(connection: Connection) -> float:
    before = datetime.now(UTC)
    theirs: datetime = await connection.fetchval("SELECT clock_timestamp()")
    return (theirs - (before + (datetime.now(UTC) - before) / 2)).total_seconds()


async def missing_migrations(name: str, url: str, data_dir: Path) -> list[str]:
    """Return the migrations that were not applied. Only the owner of the tables may read that."""
    files = [file.name for folder in SCHEMAS[name].migrations for file in sorted(folder.glob("*.sql"))]
    address = urlsplit(url)
    secret = credentials.load(data_dir).roles[MIGRATOR]
    owner = urlunsplit(address._replace(netloc=f"{MIGRATOR}:{secret}@{address.hostname}:{address.port}"))
    connection = await asyncpg.connect(owner, timeout=TIMEOUT_SECONDS)
    try:
        applied = {row["version"] for row in await connection.fetch("SELECT version FROM schema_migrations")}
    except asyncpg.UndefinedTableError:
        applied = set()
    finally:
        await connection.close()
    return [file for file in files if file.split("_")[0] not in applied]


async def outbox(connection: Connection) -> Outbox:
    first = await connection.fetchrow(OUTBOX)
    if first and first["head"] > first["cursor"]:
        await asyncio.sleep(RECHECK_SECONDS)
    last = await connection.fetchrow(OUTBOX)
    if first is None or last is None:
        raise OSError("the relay has no cursor or no lease")
    moved = last["cursor"] > first["cursor"]
    return Outbox(last["head"], last["cursor"], moved, str(last["holder"])[:8], last["seconds_left"])


async def lags(connection: Connection, name: str, urls: Mapping[str, str]) -> list[Lag]:
    """Return the lag of each consumer on each topic, in events of the owner's store."""
    first = await positions(connection)
    behind = await events_behind(name, urls, first)
    if any(behind.values()):
        await asyncio.sleep(RECHECK_SECONDS)
    last = await positions(connection)
    found = []
    for consumer, topic in sorted({key[:2] for key in last}):
        own = [key for key in last if key[:2] == (consumer, topic)]
        late = [key for key in own if behind.get(key)]
        moved = all(last[key][0] > first[key][0] for key in late)
        age = None if topic == OWN else max(last[key][1] for key in own)
        found.append(Lag(consumer, topic, sum(behind.get(key, 0) for key in own), moved, age))
    return found


async def positions(connection: Connection) -> Positions:
    rows = await connection.fetch(POSITIONS)
    return {(row["consumer"], row["topic"], row["partition"]): (row["position"], row["age_seconds"]) for row in rows}


async def events_behind(name: str, urls: Mapping[str, str], at: Positions) -> dict[ConsumerPartition, int]:
    """Count the events after each position in the store that the feed comes from."""
    owners = {topic.name: topic.owner for topic in TOPICS}
    behind: dict[ConsumerPartition, int] = {}
    for topic in {key[1] for key in at}:
        store = name if topic == OWN else owners[topic]
        own = {key: position for key, (position, _) in at.items() if key[1] == topic}
        rows = await events_after(urls[store], min(own.values()))
        for key, position in own.items():
            of_partition = partial(is_of, None if topic == OWN else key[2])
            behind[key] = sum(row["position"] > position and of_partition(row) for row in rows)
    return behind


def is_of(partition: int | None, row: "asyncpg.Record") -> bool:
    return partition is None or partition_of(str(row["subject"]).encode(), PARTITIONS) == partition


async def events_after(url: str, position: int) -> "list[asyncpg.Record]":
    connection = await asyncpg.connect(url, timeout=TIMEOUT_SECONDS, command_timeout=TIMEOUT_SECONDS)
    try:
        return list(await connection.fetch(AFTER, position, COUNTED_EVENTS))
    finally:
        await connection.close()


def message_of(error: BaseException) -> str:
    """Return the first line of the message, without a full stop at the end."""
    return (str(error).strip().splitlines() or [""])[0].rstrip(".") or type(error).__name__
