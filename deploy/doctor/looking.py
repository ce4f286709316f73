"""Looks at a running stack: asks, reads, changes nothing."""

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
from contracts.topics import ERASURE_ANSWERS, PARTITIONS, TOPICS
from deploy.doctor.observed import DatabaseSeen, KafkaSeen, Lag, Outbox, Parked, ServiceSeen
from deploy.stack import credentials
from deploy.stack.databases import MIGRATOR
from deploy.stack.schemas import SCHEMAS

TIMEOUT_SECONDS = 5.0
AGAIN_SECONDS = 2.0
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
        (array_agg(reason ORDER BY parked_at, position))[1] AS reason
    FROM parked_event GROUP BY consumer ORDER BY consumer
"""
BEYOND = "SELECT position, subject FROM event WHERE position > $1 ORDER BY position LIMIT $2"
UNREADABLE = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

Place = tuple[str, str, int]
Positions = dict[Place, tuple[int, float]]


async def service(name: str, url: str) -> ServiceSeen:
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            said = (await client.get(f"{url}/readyz")).json()
    except (httpx.TransportError, ValueError) as error:
        return ServiceSeen(name, problem=words_of(error))
    degraded = {task: each["detail"] for task, each in said["tasks"].items() if not each["ready"]}
    return ServiceSeen(name, faults=said["faults"], degraded=degraded)


async def issuer(url: str) -> ServiceSeen:
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            (await client.get(url)).raise_for_status()
    except httpx.HTTPError as error:
        return ServiceSeen("issuer", problem=words_of(error))
    return ServiceSeen("issuer")


async def kafka(bootstrap: str) -> KafkaSeen:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=int(TIMEOUT_SECONDS * 1000))
    try:
        async with asyncio.timeout(2 * TIMEOUT_SECONDS):
            await admin.start()
            there = set(await admin.list_topics())
            ours = [topic.name for topic in (*TOPICS, *ERASURE_ANSWERS)]
            described = await admin.describe_topics([name for name in ours if name in there])
            return KafkaSeen(partitions={entry["topic"]: len(entry["partitions"]) for entry in described})
    except UNREACHABLE as error:
        return KafkaSeen(problem=words_of(error))
    finally:
        await close_client(admin.close())


async def databases(urls: Mapping[str, str], data_dir: Path) -> list[DatabaseSeen]:
    return [await database(name, urls, data_dir) for name in urls]


async def database(name: str, urls: Mapping[str, str], data_dir: Path) -> DatabaseSeen:
    """Read one service's database; twice, with a pause, if something waits, to see whether it moves."""
    try:
        held = await asyncpg.connect(urls[name], timeout=TIMEOUT_SECONDS, command_timeout=TIMEOUT_SECONDS)
        try:
            return DatabaseSeen(
                name,
                clock_ahead_seconds=await clock_ahead(held),
                missing=await missing_migrations(name, urls[name], data_dir),
                outbox=await outbox(held) if name in STORES else None,
                lags=await lags(held, name, urls),
                parked=[Parked(**dict(row)) for row in await held.fetch(PARKED)],
            )
        finally:
            await held.close()
    except UNREADABLE as error:
        return DatabaseSeen(name, problem=words_of(error))


async def clock_ahead(held: Connection) -> float:
    before = datetime.now(UTC)
    theirs: datetime = await held.fetchval("SELECT clock_timestamp()")
    return (theirs - (before + (datetime.now(UTC) - before) / 2)).total_seconds()


async def missing_migrations(name: str, url: str, data_dir: Path) -> list[str]:
    """Compare the files with what has been applied, which only the owner of the tables may read."""
    files = [file.name for folder in SCHEMAS[name].migrations for file in sorted(folder.glob("*.sql"))]
    place = urlsplit(url)
    secret = credentials.load(data_dir).roles[MIGRATOR]
    owner = urlunsplit(place._replace(netloc=f"{MIGRATOR}:{secret}@{place.hostname}:{place.port}"))
    held = await asyncpg.connect(owner, timeout=TIMEOUT_SECONDS)
    try:
        applied = {row["version"] for row in await held.fetch("SELECT version FROM schema_migrations")}
    except asyncpg.UndefinedTableError:
        applied = set()
    finally:
        await held.close()
    return [file for file in files if file.split("_")[0] not in applied]


async def outbox(held: Connection) -> Outbox:
    first = await held.fetchrow(OUTBOX)
    if first and first["head"] > first["cursor"]:
        await asyncio.sleep(AGAIN_SECONDS)
    last = await held.fetchrow(OUTBOX)
    if first is None or last is None:
        raise OSError("the store has no head row")
    moved = last["cursor"] > first["cursor"]
    return Outbox(last["head"], last["cursor"], moved, str(last["holder"])[:8], last["seconds_left"])


async def lags(held: Connection, name: str, urls: Mapping[str, str]) -> list[Lag]:
    """Return how many events of its owner's store each consumer has still to apply, topic by topic."""
    first = await positions(held)
    behind = await counted(name, urls, first)
    if any(behind.values()):
        await asyncio.sleep(AGAIN_SECONDS)
    last = await positions(held)
    found = []
    for consumer, topic in sorted({place[:2] for place in last}):
        own = [place for place in last if place[:2] == (consumer, topic)]
        late = [place for place in own if behind.get(place)]
        moved = all(last[place][0] > first[place][0] for place in late)
        age = None if topic == OWN else max(last[place][1] for place in own)
        found.append(Lag(consumer, topic, sum(behind.get(place, 0) for place in own), moved, age))
    return found


async def positions(held: Connection) -> Positions:
    rows = await held.fetch(POSITIONS)
    return {(row["consumer"], row["topic"], row["partition"]): (row["position"], row["age_seconds"]) for row in rows}


async def counted(name: str, urls: Mapping[str, str], at: Positions) -> dict[Place, int]:
    """Count what lies beyond each position in the store that the feed comes from."""
    owners = {topic.name: topic.owner for topic in TOPICS}
    behind: dict[Place, int] = {}
    for topic in {place[1] for place in at}:
        store = name if topic == OWN else owners[topic]
        own = {place: position for place, (position, _) in at.items() if place[1] == topic}
        rows = await beyond(urls[store], min(own.values()))
        for place, position in own.items():
            of_partition = partial(is_of, None if topic == OWN else place[2])
            behind[place] = sum(row["position"] > position and of_partition(row) for row in rows)
    return behind


def is_of(partition: int | None, row: "asyncpg.Record") -> bool:
    return partition is None or partition_of(str(row["subject"]).encode(), PARTITIONS) == partition


async def beyond(url: str, position: int) -> "list[asyncpg.Record]":
    held = await asyncpg.connect(url, timeout=TIMEOUT_SECONDS, command_timeout=TIMEOUT_SECONDS)
    try:
        return list(await held.fetch(BEYOND, position, COUNTED_EVENTS))
    finally:
        await held.close()


def words_of(error: BaseException) -> str:
    """Return a line without a stop at its end."""
    return (str(error).strip().splitlines() or [""])[0].rstrip(".") or type(error).__name__
