"""R15: readers follow positions, so positions must become visible in order; a store without this order is detected."""

import asyncio
import random
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from chassis.postgres.database import Pool, transaction
from chassis.store.event_store import EventStore
from tests.faults.support import evidence, oracle
from tests.faults.support.deployment import pool_at
from tests.support.appends import append_of
from tests.support.servers import Database

WRITERS = 8
APPENDS = 60
DICE = random.Random(5)  # noqa: S311 - repeatable, not secret
DEFINITION = "SELECT pg_get_functiondef('append_events'::regproc)"
# Positions from a sequence, as in most stores: no lock is held from assigning a position to its commit.
UNLOCKED = """
BEGIN
    RETURN QUERY
    WITH written AS (
        INSERT INTO event (position, stream_id, version, subject, type, state, recorded_at)
        SELECT nextval('position_sequence'), e.stream_id, e.version, e.subject, e.type, e.state, clock_timestamp()
        FROM unnest(e_streams, e_versions, e_subjects, e_types, e_states)
            AS e(stream_id, version, subject, type, state)
        RETURNING position
    )
    SELECT c.n::integer, 'done', (SELECT max(w.position) FROM written w)
    FROM generate_series(1, cardinality(c_keys)) AS c(n);
END
"""


class Follower:
    """Reads from the last position, like the relay and every projection."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self.seen: list[int] = []

    async def read_on(self) -> None:
        rows = await self._store.read_all(after=self.seen[-1] if self.seen else 0)
        self.seen += [row.id for row in rows]

    async def follow(self) -> None:
        while True:
            await self.read_on()
            await asyncio.sleep(0)

    async def skipped(self, pool: Pool) -> list[str]:
        await self.read_on()
        positions = [row["position"] for row in await pool.fetch("SELECT position FROM event ORDER BY position")]
        return oracle.nothing_skipped(positions, self.seen)


@pytest.fixture
async def unlocked(database: Database) -> AsyncIterator[Pool]:
    """The same database with an append without a lock."""
    admin = await asyncpg.connect(database.admin)
    head, quote, _ = str(await admin.fetchval(DEFINITION)).partition("$function$")
    await admin.execute("CREATE SEQUENCE position_sequence")
    await admin.execute("GRANT USAGE ON SEQUENCE position_sequence TO care_app")
    await admin.execute(head + quote + UNLOCKED + quote)
    await admin.close()
    async with pool_at(database.app) as pool:
        yield pool


async def overtaken(pool: Pool) -> list[str]:
    """Let a first writer take its position, a second one commit, a reader read, and then the first one commit."""
    store = EventStore(pool)
    follower = Follower(store)
    async with transaction(pool) as held:
        await store.append_within(held, [append_of(uuid4(), [1])])
        faster = asyncio.create_task(store.append(append_of(uuid4(), [1])))
        await asyncio.wait([faster], timeout=0.3)
        await follower.read_on()
    await faster
    return await follower.skipped(pool)


async def test_r15_no_reader_passes_a_slower_writer(pool: Pool) -> None:
    oracle.hold(await overtaken(pool))


async def test_r15_a_store_that_takes_positions_from_a_sequence_is_caught(unlocked: Pool) -> None:
    with pytest.raises(AssertionError, match="P2: the reader never saw 1"):
        oracle.hold(await overtaken(unlocked))


@pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=pytest.mark.nightly)])
async def test_r15_many_writers_slow_ones_and_rollbacks_leave_no_gap_and_no_skip(
    pool: Pool, database: Database, rounds: int
) -> None:
    follower = Follower(EventStore(pool))
    following = asyncio.create_task(follower.follow())
    for _ in range(rounds):
        await asyncio.gather(*(write(database.app) for _ in range(WRITERS)))
    following.cancel()
    oracle.hold(
        await follower.skipped(pool), oracle.nothing_skipped(list(range(1, len(follower.seen) + 1)), follower.seen)
    )
    assert len(follower.seen) > WRITERS * APPENDS * rounds // 2
    assert await evidence.recorded_in_order(pool)


async def write(url: str) -> None:
    """Append like one of several processes: mostly grouped, sometimes in a slow transaction, sometimes rolled back."""
    async with pool_at(url, size=2) as pool:
        store = EventStore(pool)
        for _ in range(APPENDS):
            append = append_of(uuid4(), range(1, DICE.randint(2, 4)))
            if DICE.random() < 0.7:
                await store.append(append)
                continue
            async with pool.acquire() as held:
                under_way = held.transaction()
                await under_way.start()
                await store.append_within(held, [append])
                await asyncio.sleep(DICE.random() / 200)
                await (under_way.rollback() if DICE.random() < 0.3 else under_way.commit())
