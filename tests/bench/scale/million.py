"""A million events from two stores through Kafka into the read model: with one consumer process, then with two."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import islice
from time import perf_counter
from typing import Any

from rich.progress import Progress, TaskID

from chassis.store.event_store import EventStore
from contracts import customer, followup
from contracts.event import Envelope, Event
from deploy.stack.layout import Layout
from deploy.stack.ports import free_port
from tests.bench.harness import processes
from tests.bench.harness.console import console
from tests.bench.harness.event_data import BATCH, LIFE, fill, mixed, topic_of
from tests.bench.harness.measuring import Bed, Figure, administrator, rate, running
from tests.bench.scale.pipeline import FEEDS, Ends, Store, applied, published, read_from_the_start, roles
from tests.support.servers import Database

CHUNK = 10 * BATCH
LOOK_SECONDS = 0.2
STALLED_SECONDS = 60.0
HEAD = "SELECT position FROM relay_cursor"
PARKED = "SELECT count(*) FROM parked_event"
# The events that make a row in each table.
ROWS: dict[str, tuple[type[Event], ...]] = {
    "fact": tuple({event for event, _ in LIFE}),
    "customer": (customer.Registered,),
    "stage_transition": (customer.Registered, customer.StageChanged),
    "contact": (followup.ContactLogged,),
    "task": (followup.TaskScheduled,),
    "complaint": (followup.ComplaintRaised,),
}


async def measure(bed: Bed, events: int) -> list[Figure]:
    """Fill the stores, relay them, and consume them twice; whoever loses an event fails."""
    lives, ports = round(events / len(LIFE)), Layout(free_port())
    count = lives * len(LIFE)
    with Progress(console=console) as progress:
        async with stores_of(bed) as stores, running(processes.issuer(bed, ports)):
            await filled(stores, mixed(lives), progress.add_task("filling the stores", total=count), progress)
            bed.say(f"million: {count} events of {lives} customers in the stores")
            relayed = await relay(bed, ports, stores, count, progress)
            bed.say(f"million: relayed by two processes, {relayed:,.0f} events/s")
            one = await consume(bed, ports, stores, 1, count, progress)
            bed.say(f"million: consumed by one process, {one:,.0f} events/s; nothing is missing")
            two = await consume(bed, ports, stores, 2, count, progress)
    return [
        Figure("relayed, customer's and followup's relay at once", relayed, "events/s"),
        Figure("consumed by one process", one, "events/s"),
        rate("consumed by two processes, against one", "events/s", [two], [one]),
        Figure("missing", 0, "events"),
    ]


@asynccontextmanager
async def stores_of(bed: Bed) -> AsyncIterator[list[Store]]:
    async with AsyncExitStack() as opened:
        yield [Store(service, *await opened.enter_async_context(bed.store(service))) for service in FEEDS]


async def filled(stores: Sequence[Store], envelopes: Iterator[Envelope[Any]], task: TaskID, progress: Progress) -> None:
    """Append each event to the store that it belongs to, in order, many in one commit."""
    store_of = {store.topic: EventStore(store.pool) for store in stores}
    while chunk := list(islice(envelopes, CHUNK)):
        own = {topic: [one for one in chunk if topic_of(type(one.event)).name == topic] for topic in store_of}
        await asyncio.gather(*(fill(store_of[topic], some) for topic, some in own.items()))
        progress.advance(task, len(chunk))


async def relay(bed: Bed, ports: Layout, stores: Sequence[Store], count: int, progress: Progress) -> float:
    async def seen() -> int:
        return sum([await store.pool.fetchval(HEAD) for store in stores])

    task = progress.add_task("relaying", total=count)
    async with roles(bed, ports, [(store.service, "relay", store.database) for store in stores]):
        return count * await shares_per_second(
            seen, count, lambda share: progress.update(task, completed=count * share)
        )


async def consume(
    bed: Bed, ports: Layout, stores: Sequence[Store], members: int, count: int, progress: Progress
) -> float:
    """Let a new read model be filled by so many processes; raises AssertionError unless all of it is there."""
    ends = await published(stores)
    await read_from_the_start(bed.servers.infrastructure.kafka_bootstrap)
    task = progress.add_task(f"consuming, {members} at work", total=count)
    async with bed.store("reporting") as (database, pool):

        async def seen() -> int:
            return sum((await applied(pool)).values())

        async with roles(bed, ports, [("reporting", "consumer", database)] * members):
            found = await shares_per_second(
                seen, sum(ends.values()), lambda share: progress.update(task, completed=count * share)
            )
        await nothing_is_missing(database, await applied(pool), ends, count // len(LIFE))
    return count * found


async def shares_per_second(seen: Callable[[], Awaitable[int]], total: int, show: Callable[[float], None]) -> float:
    """Return how fast `seen` rises to `total`, as a share of it, from when it is first seen to have begun."""
    first, last, started_at = 0, 0, perf_counter()
    async with asyncio.timeout(STALLED_SECONDS) as patience:
        while last < total:
            await asyncio.sleep(LOOK_SECONDS)
            found = await seen()
            if found > last:
                patience.reschedule(asyncio.get_running_loop().time() + STALLED_SECONDS)
                show(found / total)
            if found and not last and found < total:
                first, started_at = found, perf_counter()
            last = found
        return (total - first) / total / (perf_counter() - started_at)


async def nothing_is_missing(database: Database, positions: Ends, ends: Ends, lives: int) -> None:
    """Compare positions with what was published, and every table's rows with the events that make one each."""
    happened = Counter(event for event, _ in LIFE)
    async with administrator(database) as connection:
        rows = {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in ROWS}
        parked = await connection.fetchval(PARKED)
    expected = {table: lives * sum(happened[event] for event in events) for table, events in ROWS.items()}
    if positions != ends or rows != expected or parked:
        raise AssertionError(f"{positions} of {ends}; {rows} of {expected}; {parked} parked")
