"""An append while another transaction holds an old snapshot, like a backup, against the same append without one."""

from statistics import median
from time import perf_counter
from uuid import uuid4

from chassis.store.event_store import EventStore
from tests.bench.harness.measuring import Bed, Figure, administrator
from tests.bench.pieces.append import one_event

# How long the snapshot is held, in measurements: with `--seconds 30` it is the ten minutes of the target.
MEASUREMENTS = 20
# At most 1.2 times the time without a snapshot.
TARGET = 1 / 1.2
TAKE_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM event"


async def measure(bed: Bed) -> list[Figure]:
    """Append without a break while the snapshot is held. What counts is the last measurement."""
    seconds = bed.effort.seconds
    async with bed.store() as (database, pool), administrator(database) as backup:
        store = EventStore(pool)
        await milliseconds_per_append(store, seconds)
        without = await milliseconds_per_append(store, seconds)
        await backup.execute(TAKE_SNAPSHOT)
        for _ in range(MEASUREMENTS - 1):
            await milliseconds_per_append(store, seconds)
        under = await milliseconds_per_append(store, seconds)
    name = f"append, 1 writer, under a snapshot of {MEASUREMENTS * seconds / 60:.1f} minutes"
    return [Figure(name, under, "ms", without, without / under, TARGET)]


async def milliseconds_per_append(store: EventStore, seconds: float) -> float:
    """Append one event after the other, each to a stream of its own; return the median time."""
    took, until = [], perf_counter() + seconds
    while (began := perf_counter()) < until:
        await store.append(one_event(uuid4(), 1))
        took.append(perf_counter() - began)
    return median(took) * 1_000
