"""Long work pauses after every EVENTS_PER_TURN items."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from chassis.http.streams import fold
from chassis.runtime.turns import EVENTS_PER_TURN, in_turns
from contracts.customer import ProfileChanged
from contracts.event import Envelope, Event
from contracts.examples import EXAMPLES, example_envelope


@asynccontextmanager
async def counted_turns() -> AsyncIterator[list[int]]:
    """Count the turns that another task gets during the block."""
    turns = [0]

    async def count() -> None:
        while True:
            turns[0] += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(count())
    try:
        yield turns
    finally:
        task.cancel()


@pytest.mark.parametrize(
    ("items", "expected"), [(0, 0), (EVENTS_PER_TURN - 1, 0), (EVENTS_PER_TURN, 1), (10 * EVENTS_PER_TURN, 10)]
)
async def test_other_tasks_run_after_each_turn(items: int, expected: int) -> None:
    async with counted_turns() as turns:
        assert [each async for each in in_turns(range(items))] == list(range(items))
        assert turns == [expected]


async def test_a_row_is_folded_in_turns() -> None:
    envelope: Envelope[Event] = example_envelope(EXAMPLES[ProfileChanged])

    def project(row: int | None, _envelope: Envelope[Event]) -> int:
        return (row or 0) + 1

    async with counted_turns() as turns:
        assert await fold(project, [envelope] * (3 * EVENTS_PER_TURN + 1)) == 3 * EVENTS_PER_TURN + 1
        assert turns == [3]
