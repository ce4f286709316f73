"""Loading a stream of 500 events from its snapshot: what a command or a read costs that finds no cached state."""

from functools import partial
from statistics import median
from uuid import UUID, uuid4

from chassis.postgres.database import Pool
from chassis.store.event_store import EventStore
from chassis.store.snapshots import SNAPSHOT_EVERY
from tests.bench.harness.event_data import envelope, fill
from tests.bench.harness.measuring import Bed, Figure, interleaved
from tests.bench.pieces.fold import microseconds, new_handler, nth
from tests.support.waiting import eventually

LENGTH = 500
# The most events that may follow a snapshot.
TAIL = SNAPSHOT_EVERY - 1
TARGET = 3_000.0
READ_VERSION = "SELECT version FROM snapshot WHERE stream_id = $1"


async def measure(bed: Bed) -> list[Figure]:
    async with bed.store() as (_, pool):
        store = EventStore(pool)
        streams = [await snapshotted(store, pool, tail) for tail in (0, TAIL)]
        found = await interleaved(
            bed.effort.rounds,
            *(partial(cold_load, store, stream_id, bed.effort.seconds) for stream_id in streams),
        )
    return [
        Figure("cold stream of 500", median(found[0]), "µs", target=TARGET),
        Figure(f"cold stream of 500, and {TAIL} events after its snapshot", median(found[1]), "µs"),
    ]


async def snapshotted(store: EventStore, pool: Pool, tail: int) -> UUID:
    """Return a stream of LENGTH events with a snapshot, and `tail` events after it."""
    stream_id = uuid4()
    events = [envelope(nth(n), stream_id, stream_id, n, 0, n) for n in range(1, LENGTH + tail + 1)]
    await fill(store, events[:LENGTH])
    await new_handler(store).load(stream_id)

    async def is_saved() -> bool:
        return bool(await pool.fetchval(READ_VERSION, stream_id) == LENGTH)

    await eventually(is_saved)
    await fill(store, events[LENGTH:])
    return stream_id


async def cold_load(store: EventStore, stream_id: UUID, seconds: float) -> float:
    return await microseconds(lambda: new_handler(store).load(stream_id), seconds)
