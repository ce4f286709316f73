"""Snapshots on a real store: less is read, the state is the same, and nothing depends on them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from structlog.testing import capture_logs

import chassis.store
from chassis.commands.command import Context
from chassis.commands.command_handler import CommandHandler
from chassis.commands.state_codec import codec_of
from chassis.postgres.database import Pool, open_pool, transaction
from chassis.store.erasure import Erasure, erase
from chassis.store.event_store import READ_LIMIT, EventStore
from chassis.store.mapper import EventMapper, RecordedEvent
from chassis.store.snapshots import MAX_WAITING, SNAPSHOT_EVERY, Snapshot, is_due
from contracts import customer as events
from contracts.event import Envelope
from contracts.examples import example
from services.customer.commands import ChangeProfile, Profile
from services.customer.domain import CUSTOMER, Customer
from tests.bench.harness.event_data import envelope, fill
from tests.support.servers import Database
from tests.support.waiting import eventually

FOLD = codec_of(CUSTOMER).fold
READ = "SELECT stream_id, subject, version, fold, state FROM snapshot WHERE stream_id = $1"
MIGRATION = Path(chassis.store.__file__).parent / "schema" / "20261129130000_snapshots.sql"


class CountingMapper(EventMapper):
    """Counts the events that are decoded."""

    def __init__(self) -> None:
        super().__init__()
        self.decoded = 0

    def to_envelope(self, row: RecordedEvent) -> Envelope[Any]:
        self.decoded += 1
        return super().to_envelope(row)


class CutOff(CountingMapper):
    """Stops like a deadline after 2 * READ_LIMIT events."""

    def to_envelope(self, row: RecordedEvent) -> Envelope[Any]:
        if self.decoded == 2 * READ_LIMIT:
            raise TimeoutError
        return super().to_envelope(row)


async def cold(store: EventStore, stream_id: UUID) -> tuple[int, Customer, int]:
    """Load a stream without a cache; return its version, its state, and how many events were decoded."""
    mapper = CountingMapper()
    loaded = await CommandHandler(store, CUSTOMER, mapper).load(stream_id)
    return loaded.version, loaded.state, mapper.decoded


async def grown(store: EventStore, to: int, *, after: int = 0, stream_id: UUID | None = None) -> UUID:
    """Let a customer's stream grow to a version, without any command handler."""
    customer_id = stream_id or uuid4()
    told = [
        example(events.Registered) if n == 1 else example(events.ProfileChanged, region=f"region {n}")
        for n in range(after + 1, to + 1)
    ]
    await fill(store, [envelope(each, customer_id, customer_id, n, 0, n) for n, each in enumerate(told, after + 1)])
    return customer_id


async def snapshot_of(pool: Pool, stream_id: UUID) -> Snapshot | None:
    row = await pool.fetchrow(READ, stream_id)
    return Snapshot(**row) if row else None


async def saved(pool: Pool, stream_id: UUID, version: int) -> Snapshot:
    """Wait for the snapshot of this version."""
    found: list[Snapshot] = []

    async def is_saved() -> bool:
        snapshot = await snapshot_of(pool, stream_id)
        found[:] = [snapshot] if snapshot and snapshot.version == version and snapshot.fold == FOLD else []
        return bool(found)

    await eventually(is_saved)
    return found[0]


def asked() -> Context:
    return Context(key=str(uuid4()), actor="E1", correlation_id="c", now=datetime(2024, 6, 4, tzinfo=UTC))


def snapshot(stream_id: UUID, version: int, *, state: bytes = b"{}", fold: bytes = FOLD) -> Snapshot:
    return Snapshot(stream_id, stream_id, version, fold, state)


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[Pool]:
    opened = await open_pool(database.admin, size=1, application_name="tests", session={"role": "care_migrator"})
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("before", "version", "due"),
    [
        (0, SNAPSHOT_EVERY - 1, False),
        (SNAPSHOT_EVERY - 1, SNAPSHOT_EVERY, True),
        (SNAPSHOT_EVERY, SNAPSHOT_EVERY, False),
        (SNAPSHOT_EVERY, 2 * SNAPSHOT_EVERY - 1, False),
        (SNAPSHOT_EVERY + 1, 2 * SNAPSHOT_EVERY + 1, True),
    ],
)
def test_a_snapshot_is_due_at_each_multiple(before: int, version: int, due: bool) -> None:
    assert is_due(before, version) is due


async def test_a_command_that_lets_a_stream_grow_long_saves_a_snapshot(store: EventStore, pool: Pool) -> None:
    customer_id = await grown(store, SNAPSHOT_EVERY - 1)
    handler = CommandHandler(store, CUSTOMER, EventMapper())
    await handler.load(customer_id)
    assert await snapshot_of(pool, customer_id) is None
    await handler.handle(customer_id, ChangeProfile(profile=Profile(region="华东")), asked())
    kept = await saved(pool, customer_id, SNAPSHOT_EVERY)
    assert kept.subject == customer_id
    version, state, decoded = await cold(store, customer_id)
    assert (version, decoded) == (SNAPSHOT_EVERY, 0)
    assert state == (await handler.load(customer_id)).state
    assert state.profile.region == "华东"


async def test_only_events_after_the_snapshot_are_read(store: EventStore, pool: Pool) -> None:
    customer_id = await grown(store, 4 * SNAPSHOT_EVERY)
    version, state, decoded = await cold(store, customer_id)
    assert (version, decoded) == (4 * SNAPSHOT_EVERY, version)
    await saved(pool, customer_id, version)
    await grown(store, version + 7, after=version, stream_id=customer_id)
    version, state, decoded = await cold(store, customer_id)
    assert (version, decoded) == (4 * SNAPSHOT_EVERY + 7, 7)
    assert state.profile.region == f"region {version}"


async def test_a_stream_of_several_pages_is_read_to_its_end(store: EventStore, pool: Pool) -> None:
    length = 2 * READ_LIMIT + SNAPSHOT_EVERY
    customer_id = await grown(store, READ_LIMIT)
    await cold(store, customer_id)
    await saved(pool, customer_id, READ_LIMIT)
    await grown(store, length, after=READ_LIMIT, stream_id=customer_id)
    assert [row.originator_version async for row in store.read_stream(customer_id)] == list(range(1, length + 1))
    version, state, decoded = await cold(store, customer_id)
    assert (version, decoded, state.profile.region) == (length, length - READ_LIMIT, f"region {length}")


async def test_a_load_that_is_cut_off_is_continued_by_the_next_one(store: EventStore, pool: Pool) -> None:
    customer_id = await grown(store, 2 * READ_LIMIT + 10)
    with pytest.raises(TimeoutError):
        await CommandHandler(store, CUSTOMER, CutOff()).load(customer_id)
    await saved(pool, customer_id, 2 * READ_LIMIT)
    assert [(await cold(store, customer_id))[each] for each in (0, 2)] == [2 * READ_LIMIT + 10, 10]


@pytest.mark.parametrize(("fold", "version"), [(b"another", 3), (b"another", 10_000), (FOLD, 3)])
async def test_a_snapshot_of_another_fold_or_that_cannot_be_read_is_ignored_and_replaced(
    store: EventStore, pool: Pool, fold: bytes, version: int
) -> None:
    customer_id = await grown(store, 2 * SNAPSHOT_EVERY)
    await store.snapshots.save(snapshot(customer_id, version, state=b'{"stage": "unheard-of"}', fold=fold))
    found, state, decoded = await cold(store, customer_id)
    assert (found, decoded, state.profile.region) == (2 * SNAPSHOT_EVERY,) * 2 + (f"region {found}",)
    await saved(pool, customer_id, 2 * SNAPSHOT_EVERY)
    assert await cold(store, customer_id) == (found, state, 0)


async def test_an_older_snapshot_does_not_replace_a_newer_one(store: EventStore, pool: Pool) -> None:
    customer_id = uuid4()
    for version in (100, 50):
        await store.snapshots.save(snapshot(customer_id, version))
    assert await snapshot_of(pool, customer_id) == snapshot(customer_id, 100)


async def test_a_command_succeeds_when_its_snapshot_cannot_be_saved(store: EventStore, owner: Pool) -> None:
    customer_id = await grown(store, SNAPSHOT_EVERY - 1)
    handler = CommandHandler(store, CUSTOMER, EventMapper())
    await owner.execute("REVOKE INSERT, UPDATE ON snapshot FROM care_app")
    with capture_logs() as logs:
        await handler.handle(customer_id, ChangeProfile(profile=Profile(region="华东")), asked())

        async def is_logged() -> bool:
            return any(each["event"] == "snapshot.failed" for each in logs)

        await eventually(is_logged)
    assert (await cold(store, customer_id))[0] == SNAPSHOT_EVERY


async def test_no_more_than_max_waiting_snapshots_wait(store: EventStore, pool: Pool) -> None:
    first = uuid4()
    for each in (first, *(uuid4() for _ in range(MAX_WAITING + 5))):
        store.snapshots.save_soon(snapshot(each, 50))
    # One that waits already is replaced.
    store.snapshots.save_soon(snapshot(first, 100))
    assert len(store.snapshots._waiting) == MAX_WAITING
    await saved(pool, first, 100)

    async def are_saved() -> bool:
        return bool(await pool.fetchval("SELECT count(*) FROM snapshot") == MAX_WAITING)

    await eventually(are_saved)


async def test_an_erasure_deletes_the_snapshots_of_its_customer_and_no_others(store: EventStore, pool: Pool) -> None:
    customer_id, other, order_id = uuid4(), uuid4(), uuid4()
    for each in (snapshot(customer_id, 50), snapshot(other, 50), Snapshot(order_id, customer_id, 50, b"f", b"{}")):
        await store.snapshots.save(each)
    async with transaction(pool) as held:
        await erase(held, Erasure(customer_id, 51))
    assert [await snapshot_of(pool, each) for each in (customer_id, order_id)] == [None, None]
    assert await snapshot_of(pool, other) == snapshot(other, 50)


async def test_a_state_from_before_an_erasure_is_not_saved_after_it(store: EventStore, pool: Pool) -> None:
    customer_id = uuid4()
    async with transaction(pool) as held:
        await erase(held, Erasure(customer_id, 51))
    await store.snapshots.save(snapshot(customer_id, 50))
    assert await snapshot_of(pool, customer_id) is None
    await store.snapshots.save(snapshot(customer_id, 51))
    assert await snapshot_of(pool, customer_id) == snapshot(customer_id, 51)


async def test_a_snapshot_is_not_saved_while_an_erasure_is_under_way(store: EventStore, pool: Pool) -> None:
    customer_id = uuid4()
    async with transaction(pool) as held:
        await erase(held, Erasure(customer_id, 51))
        store.snapshots.save_soon(snapshot(customer_id, 50))

        async def is_waiting() -> bool:
            locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            return bool(await held.fetchval(locks))

        await eventually(is_waiting)

    async def is_done() -> bool:
        return store.snapshots._saver is None

    await eventually(is_done)
    assert await snapshot_of(pool, customer_id) is None


async def test_the_snapshot_after_an_erasure_holds_no_reference_to_the_person(store: EventStore, pool: Pool) -> None:
    customer_id = await grown(store, SNAPSHOT_EVERY - 2)
    added = example(events.KeyContactAdded)
    told = [added, example(events.CustomerErased)]
    await fill(store, [envelope(each, customer_id, customer_id, n, 0, n) for n, each in enumerate(told, 49)])
    await cold(store, customer_id)
    kept = await saved(pool, customer_id, SNAPSHOT_EVERY)
    assert str(added.key_contact_id).encode() not in kept.state
    assert str(added.name_ref).encode() not in kept.state


async def test_the_migration_goes_both_ways(store: EventStore, owner: Pool) -> None:
    up, down = MIGRATION.read_text().split("-- migrate:down")
    await store.snapshots.save(snapshot(uuid4(), 50))
    await owner.execute(down)
    with pytest.raises(asyncpg.UndefinedTableError):
        await owner.fetch("SELECT FROM snapshot")
    await owner.execute(up)
    assert (await cold(store, await grown(store, 2)))[0] == 2
