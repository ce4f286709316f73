"""Grouped appends, with version guard and idempotency row, against pgbench's one-row commits and the library."""

import asyncio
import json
import sys
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from time import perf_counter
from uuid import UUID, uuid4

from chassis.postgres.database import Pool
from chassis.store.append import Answer, Append, Outcome
from chassis.store.event_store import EventStore
from chassis.store.mapper import NewEvent
from tests.bench.harness import pgbench
from tests.bench.harness.measuring import PROJECT, Bed, Figure, Measure, interleaved, rate
from tests.support.servers import Database

STATE = b"x" * 400
ANSWER = Answer(b"h" * 32, 200, b'{"id": "01900000-0000-7000-8000-000000000001", "version": 12}')
EVENTS_PER_STREAM = 20
MOST_EVENTS_PER_SECOND = 40_000
TARGET = 1.0
PEER_TARGET = 15.0


async def measure(bed: Bed) -> list[Figure]:
    async with bed.store() as (database, pool):
        many = await against_floors(bed, database, pool, 32, TARGET, PEER_TARGET)
        few = await against_floors(bed, database, pool, 8)
    return [*many, *few]


async def against_floors(
    bed: Bed,
    database: Database,
    pool: Pool,
    writers: int,
    target: float | None = None,
    peer_target: float | None = None,
) -> list[Figure]:
    seconds = bed.effort.seconds
    measures: dict[str, Measure] = {"ours": partial(appends_per_second, EventStore(pool), writers, seconds)}
    if pgbench.program() is None:
        bed.say("append: no floor, because there is no pgbench beside the system's PostgreSQL")
    else:
        await pgbench.prepare(database)
        measures["floor"] = partial(pgbench.commits_per_second, database, writers, seconds)
    if find_spec("psycopg") is None or find_spec("psycopg_pool") is None:
        bed.say("append: no library's recorder, because psycopg is not installed (`pip install psycopg[binary,pool]`)")
    else:
        measures["library"] = partial(library_appends_per_second, database, writers, seconds)
    await appends_per_second(EventStore(pool), writers, seconds / 4)
    found = dict(zip(measures, await interleaved(bed.effort.rounds, *measures.values()), strict=True))
    ours = found["ours"]
    figures = [rate(f"append, {writers} writers", "events/s", ours, found.get("floor", []), target)]
    if "library" in found:
        name = f"append, {writers} writers, against the library's recorder"
        figures.append(rate(name, "events/s", ours, found["library"], peer_target))
    return figures


async def appends_per_second(store: EventStore, writers: int, seconds: float) -> float:
    """Let `writers` append one event after the other, each waiting for its own. What they append is made before."""
    lists = [made_ready(round(MOST_EVENTS_PER_SECOND * seconds / writers)) for _ in range(writers)]
    started_at = perf_counter()
    written = await asyncio.gather(*(write(store, appends, started_at + seconds) for appends in lists))
    return sum(written) / (perf_counter() - started_at)


def made_ready(count: int) -> list[Append]:
    """Return appends to one stream after the other."""
    streams = [uuid4() for _ in range(0, count, EVENTS_PER_STREAM)]
    return [one_event(streams[n // EVENTS_PER_STREAM], n % EVENTS_PER_STREAM + 1) for n in range(count)]


async def write(store: EventStore, appends: Sequence[Append], until: float) -> int:
    for written, append in enumerate(appends):
        if perf_counter() >= until:
            return written
        appended = await store.append(append)
        if appended.outcome is not Outcome.DONE:
            raise AssertionError(f"an append of a new event was answered {appended.outcome}")
    return len(appends)


def one_event(stream_id: UUID, version: int) -> Append:
    event = NewEvent(stream_id, version, "care.customer.profile-changed.v1", STATE, stream_id)
    return Append(f"bench|POST /v1/customers/{stream_id}/profile|{uuid4()}", ANSWER, [event])


async def library_appends_per_second(database: Database, writers: int, seconds: float) -> float:
    """The library's own recorder in a process of its own, with as many threads."""
    arguments = (database.admin, str(writers), str(seconds))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.harness.library_recorder", *arguments),
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise ChildProcessError("the library's recorder failed; what it said stands above")
    return float(json.loads(output)["events_per_second"])
