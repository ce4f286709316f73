"""The event store: positions in commit order, one effect per key, all-or-nothing appends."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from chassis.postgres.database import Pool, open_pool, transaction
from chassis.store import event_store
from chassis.store.append import MAX_EVENT_BYTES, Append, EventTooLargeError, Outcome
from chassis.store.event_store import EventStore
from chassis.store.vault import VaultEntry
from tests.support.appends import ANSWER, append_of, new_event, rows_of


async def test_positions_rise_by_one_in_commit_order(store: EventStore) -> None:
    streams = [uuid4() for _ in range(50)]
    await asyncio.gather(*(store.append(append_of(stream, [1, 2])) for stream in streams))
    rows = await store.read_all(after=0)
    assert [row.id for row in rows] == list(range(1, 101))
    assert [row.recorded_at for row in rows] == sorted(row.recorded_at for row in rows)


async def test_a_rejected_append_leaves_no_gap(store: EventStore) -> None:
    stream = uuid4()
    await store.append(append_of(stream, [1]))
    rejected = await store.append(append_of(stream, [1]))
    await store.append(append_of(stream, [2]))
    assert rejected.outcome is Outcome.CONFLICT
    assert [row.id for row in await store.read_all(after=0)] == [1, 2]


async def test_of_appends_with_the_same_version_one_succeeds(store: EventStore) -> None:
    stream = uuid4()
    outcomes = await asyncio.gather(*(store.append(append_of(stream, [1])) for _ in range(20)))
    assert sorted(appended.outcome for appended in outcomes) == ["conflict"] * 19 + ["done"]


async def test_an_idempotency_key_has_one_effect(store: EventStore) -> None:
    outcomes = await asyncio.gather(*(store.append(append_of(uuid4(), [1], key="once")) for _ in range(20)))
    assert [appended.outcome for appended in outcomes].count(Outcome.DONE) == 1
    assert await store.head() == 1
    assert await store.answer("once") == ANSWER


async def test_in_a_batch_with_conflicts_each_append_gets_its_own_outcome(store: EventStore, pool: Pool) -> None:
    known, taken, free = uuid4(), uuid4(), uuid4()
    await store.append(append_of(known, [1], key="known"))
    await store.append(append_of(taken, [1]))
    appends = [
        append_of(free, [1, 2]),
        append_of(uuid4(), [1], key="known"),
        append_of(taken, [1]),
        append_of(free, [3]),
        Append("empty", ANSWER),
    ]
    async with transaction(pool) as held:
        appended = await store.append_within(held, appends)
    assert [(one.outcome, one.last_position) for one in appended] == [
        ("done", 4),
        ("duplicate", 2),
        ("conflict", 2),
        ("done", 5),
        ("done", 2),
    ]
    assert [row.id for row in await store.read_all(after=0)] == [1, 2, 3, 4, 5]


async def test_an_invalid_append_does_not_fail_the_others(store: EventStore) -> None:
    good, bad = uuid4(), uuid4()
    nul = Append("nul", ANSWER, [new_event(bad, 1)], [VaultEntry(uuid4(), bad, "name", "a\x00b")])
    results = await asyncio.gather(store.append(append_of(good, [1])), store.append(nul), return_exceptions=True)
    assert getattr(results[0], "outcome", None) is Outcome.DONE
    assert isinstance(results[1], asyncpg.PostgresError)
    assert await rows_of(store, bad) == []


async def test_personal_data_commits_with_its_events_or_not_at_all(store: EventStore, pool: Pool) -> None:
    stream = uuid4()
    await store.append(append_of(stream, [1]))
    lost = Append("lost", ANSWER, [new_event(stream, 1)], [VaultEntry(uuid4(), stream, "name", "王敏")])
    won = Append("won", ANSWER, [new_event(stream, 2)], [VaultEntry(uuid4(), stream, "name", "李强")])
    await asyncio.gather(store.append(lost), store.append(won))
    assert [row["value"] for row in await pool.fetch("SELECT value FROM vault")] == ["李强"]


async def test_an_event_too_large_for_the_broker_is_rejected_before_the_append(store: EventStore) -> None:
    stream = uuid4()
    with pytest.raises(EventTooLargeError):
        await store.append(Append("big", ANSWER, [new_event(stream, 1, state=b"x" * (MAX_EVENT_BYTES + 1))]))


async def test_no_reader_passes_a_position_that_a_slower_writer_will_still_commit(
    store: EventStore, pool: Pool
) -> None:
    slow, fast = uuid4(), uuid4()
    async with transaction(pool) as held:
        await store.append_within(held, [append_of(slow, [1])])
        faster = asyncio.create_task(store.append(append_of(fast, [1])))
        await asyncio.sleep(0.1)
        assert await store.read_all(after=0) == []
    await faster
    assert [row.originator_id for row in await store.read_all(after=0)] == [slow, fast]


async def test_a_watermark_waits_for_running_appends(store: EventStore, pool: Pool) -> None:
    async with transaction(pool) as held:
        await store.append_within(held, [append_of(uuid4(), [1])])
        watermark = asyncio.create_task(store.watermark())
        await asyncio.sleep(0.1)
        assert not watermark.done()
    head, complete_until = await watermark
    assert head == 1
    assert (await store.read_all(after=0))[0].recorded_at <= complete_until


async def test_the_service_may_not_change_or_delete_events(store: EventStore, pool: Pool) -> None:
    await store.append(append_of(uuid4(), [1]))
    for statement in ("UPDATE event SET version = 9", "DELETE FROM event", "TRUNCATE event", "DELETE FROM idempotency"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(statement)


async def test_a_failed_append_is_reported_until_one_succeeds(pool: Pool) -> None:
    store = EventStore(await open_pool("postgresql://care@127.0.0.1:1/none", size=1, application_name="t"))
    with pytest.raises(ConnectionRefusedError):
        await store.append(append_of(uuid4(), [1]))
    assert await store.fault() == "the database rejects appends: ConnectionRefusedError"
    store._pool = pool
    await store.append(append_of(uuid4(), [1]))
    assert await store.fault() is None


async def test_a_failed_append_is_reported_for_a_limited_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = EventStore(await open_pool("postgresql://care@127.0.0.1:1/none", size=1, application_name="t"))
    with pytest.raises(ConnectionRefusedError):
        await store.append(append_of(uuid4(), [1]))
    monkeypatch.setattr(event_store, "FAILURE_SECONDS", 0.0)
    assert await store.fault() is None
