"""Loading and folding a stream, with and without a cached state, against one SELECT of the same rows."""

from collections.abc import Awaitable, Callable
from functools import partial
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

from chassis.commands.command_handler import CommandHandler
from chassis.postgres.database import Pool
from chassis.store.event_store import READ_LIMIT, READ_STREAM, EventStore
from chassis.store.mapper import EventMapper
from contracts import customer
from contracts.event import Event
from contracts.examples import example
from services.customer.domain import CUSTOMER, Customer
from tests.bench.harness.event_data import envelope, fill
from tests.bench.harness.measuring import Bed, Figure, cost, interleaved

LENGTHS = (20, 500)
SHARE = 0.5


async def measure(bed: Bed) -> list[Figure]:
    figures: list[Figure] = []
    async with bed.store() as (_, pool):
        store = EventStore(pool)
        for length in LENGTHS:
            figures += await of_length(bed, store, pool, length)
    return figures


async def of_length(bed: Bed, store: EventStore, pool: Pool, length: int) -> list[Figure]:
    stream_id = uuid4()
    await fill(store, [envelope(nth(n), stream_id, stream_id, n, 0, n) for n in range(1, length + 1)])
    warm = new_handler(store)
    await warm.load(stream_id)
    seconds = bed.effort.seconds * SHARE
    cold, remembered, floor = await interleaved(
        bed.effort.rounds,
        partial(microseconds, lambda: load_and_fold(store, stream_id), seconds),
        partial(microseconds, lambda: warm.load(stream_id), seconds),
        partial(microseconds, lambda: select(pool, stream_id), seconds),
    )
    return [
        cost(f"load and fold {length} events, cold", "µs", cold, floor),
        cost(f"load and fold {length} events, remembered", "µs", remembered, floor),
    ]


def nth(number: int) -> Event:
    if number == 1:
        return example(customer.Registered)
    return example(customer.ProfileChanged, region=f"region {number}")


def new_handler(store: EventStore) -> CommandHandler[Customer]:
    return CommandHandler(store, CUSTOMER, EventMapper())


async def load_and_fold(store: EventStore, stream_id: UUID) -> Customer:
    """Load the stream without a snapshot."""
    mapper = EventMapper()
    events = [mapper.to_envelope(row).event async for row in store.read_stream(stream_id)]
    return CUSTOMER.fold(CUSTOMER.initial, events)


async def select(pool: Pool, stream_id: UUID) -> Any:
    return await pool.fetch(READ_STREAM, stream_id, 0, None, READ_LIMIT)


async def microseconds(work: Callable[[], Awaitable[Any]], seconds: float) -> float:
    """Return what one call takes, one after the other."""
    started_at, calls = perf_counter(), 0
    while perf_counter() < started_at + seconds:
        await work()
        calls += 1
    return (perf_counter() - started_at) / calls * 1e6
