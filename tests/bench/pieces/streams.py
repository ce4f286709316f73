"""Commands on streams of 20 and 500 events, cached and not cached, against grouped appends of prepared events."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import count
from time import perf_counter
from uuid import UUID, uuid4

from chassis.commands.command import Context
from chassis.commands.command_handler import CommandHandler
from chassis.store.event_store import EventStore
from services.customer.commands import ChangeProfile, Profile
from services.customer.domain import Customer
from tests.bench.harness.event_data import envelope, fill
from tests.bench.harness.measuring import Bed, Figure, interleaved, rate
from tests.bench.pieces.append import appends_per_second
from tests.bench.pieces.fold import LENGTHS, new_handler, nth

WRITERS = 32
SHARE = 0.5
# Commands lengthen the streams: they are kept to about what they are called by.
STREAMS_A_WRITER = 50
REGIONS = count()


async def measure(bed: Bed) -> list[Figure]:
    figures: list[Figure] = []
    for length in LENGTHS:
        async with bed.store() as (_, pool):
            figures += await of_length(bed, EventStore(pool), length)
    return figures


async def of_length(bed: Bed, store: EventStore, length: int) -> list[Figure]:
    seconds = bed.effort.seconds * SHARE
    streams = [await filled(store, length) for _ in range(WRITERS * STREAMS_A_WRITER // max(1, length // LENGTHS[0]))]
    warm = new_handler(store)
    for stream_id in streams:
        await warm.load(stream_id)
    remembered, cold, floor = await interleaved(
        bed.effort.rounds,
        partial(commands_per_second, lambda: warm, streams, seconds),
        partial(commands_per_second, lambda: new_handler(store), streams, seconds),
        partial(appends_per_second, store, WRITERS, seconds),
    )
    return [
        rate(f"commands on streams of {length} events, remembered", "commands/s", remembered, floor),
        rate(f"commands on streams of {length} events, cold", "commands/s", cold, floor),
    ]


async def filled(store: EventStore, length: int) -> UUID:
    stream_id = uuid4()
    await fill(store, [envelope(nth(n), stream_id, stream_id, n, 0, n) for n in range(1, length + 1)])
    return stream_id


async def commands_per_second(
    handler_of: Callable[[], CommandHandler[Customer]], streams: Sequence[UUID], seconds: float
) -> float:
    """Let WRITERS send one command after the other, each writer to streams of its own; a handler for each command."""
    started_at = perf_counter()

    async def write(own: Sequence[UUID]) -> int:
        done = 0
        while perf_counter() < started_at + seconds:
            handled = await handler_of().handle(own[done % len(own)], command(), context())
            if handled.events != 1:
                raise AssertionError(f"a command earned {handled.events} events")
            done += 1
        return done

    written = await asyncio.gather(*(write(streams[number::WRITERS]) for number in range(WRITERS)))
    return sum(written) / (perf_counter() - started_at)


def command() -> ChangeProfile:
    return ChangeProfile(profile=Profile(region=f"上海 {next(REGIONS)}"))


def context() -> Context:
    return Context(key=f"bench|{uuid4()}", actor="bench", correlation_id="bench", now=datetime.now(UTC))
