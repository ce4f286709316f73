"""Case 41: files wait for the right ones, in the order in which they arrived, whatever processes and clocks do."""

from uuid import UUID, uuid4

import pytest

from chassis.files.importer import RowOutcome, RowResult
from chassis.files.turns import Turn, Turns
from chassis.postgres.database import Pool

# With a nested loop, comparing the keys of two such files takes minutes.
LONG, SHORT = 60_000, 2_000
BATCH = "INSERT INTO import_batch (id, created_by, rows, kind) VALUES ($1, 'ops', $2, 'orders')"
ROWS = """
    INSERT INTO import_row (batch_id, number, cells, changes, refers_to)
    SELECT $1, number, '{}', ARRAY[md5($3 || number)::uuid], '{}' FROM generate_series(1, $2) AS number
"""
EXPIRE = "UPDATE import_batch SET leased_until = '-infinity'"
TOO_SLOW = "SELECT $1::uuid = $2::uuid FROM pg_sleep(60)"
STATUS = "SELECT status FROM import_batch WHERE id = $1"
PROGRESS = "SELECT progress FROM import_batch WHERE id = $1"


async def sent(pool: Pool, rows: int, keys: str) -> UUID:
    """Store a file. Two files with the same `keys` change the same."""
    batch_id = uuid4()
    await pool.execute(BATCH, batch_id, rows)
    await pool.execute(ROWS, batch_id, rows, keys)
    await pool.execute("UPDATE import_batch SET progress = jsonb_build_object('waiting', rows) WHERE id = $1", batch_id)
    return batch_id


async def next_of(turns: Turns) -> Turn:
    turn = await turns.next()
    assert turn
    return turn


async def test_41_a_file_is_placed_behind_a_long_one_that_changes_something_else(pool: Pool) -> None:
    turns = Turns(pool)
    long, short = await sent(pool, LONG, "a"), await sent(pool, SHORT, "b")
    assert [(await next_of(turns)).batch_id, (await next_of(turns)).batch_id] == [long, short]


async def test_41_a_file_that_cannot_be_placed_in_time_does_not_stop_the_others(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = Turns(pool)
    first, second = await sent(pool, 1, "a"), await sent(pool, 1, "b")
    assert (await next_of(turns)).batch_id == first
    with monkeypatch.context() as patched:
        patched.setattr("chassis.files.turns.CHANGES_WHAT_IS_NEEDED", TOO_SLOW)
        assert await turns.next() is None
    await pool.execute(EXPIRE)
    assert {(await next_of(turns)).batch_id, (await next_of(turns)).batch_id} == {first, second}


async def test_41_files_keep_their_order_when_the_clock_steps_back(pool: Pool) -> None:
    turns = Turns(pool)
    earlier, later = await sent(pool, 1, "a"), await sent(pool, 1, "a")
    await pool.execute("UPDATE import_batch SET created_at = created_at - interval '1 minute' WHERE id = $1", later)
    assert (await next_of(turns)).batch_id == earlier
    assert await turns.next() is None


async def test_41_a_turn_says_whether_the_last_one_was_elsewhere(pool: Pool) -> None:
    one, other = Turns(pool), Turns(pool)
    await sent(pool, 1, "a")
    seen = []
    for turns in (one, one, other, one):
        turn = await next_of(turns)
        seen.append(turn.was_elsewhere)
        await turns.end(turn, [])
    assert seen == [True, False, True, True]


async def test_41_two_turns_that_overlap_count_each_row_once(pool: Pool) -> None:
    one, other = Turns(pool), Turns(pool)
    batch_id = await sent(pool, 4, "a")
    frozen = await next_of(one)
    await pool.execute(EXPIRE)
    running = await next_of(other)
    await one.end(frozen, [RowResult(1, RowOutcome.CREATED, 201)])
    # The lease of the running turn is not that of the frozen one.
    assert await other.next() is None
    await other.end(running, [RowResult(number, RowOutcome.CREATED, 201) for number in (1, 2)])
    assert await pool.fetchval(PROGRESS, batch_id) == {"created": 2, "waiting": 2}


async def test_41_a_process_that_was_frozen_does_not_open_an_ended_file_again(pool: Pool) -> None:
    one, other = Turns(pool), Turns(pool)
    await sent(pool, 1, "a")
    later = await sent(pool, 1, "a")
    await next_of(one)
    await pool.execute(EXPIRE)
    await pool.execute("UPDATE import_batch SET status = 'succeeded', turn = turn + 1 WHERE id = $1", later)
    await other._place(Turn(later, 1, "orders", "ops", was_elsewhere=True), 10**6)
    assert await pool.fetchval(STATUS, later) == "succeeded"
