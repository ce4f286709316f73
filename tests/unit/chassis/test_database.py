"""Work is retried while the database is unavailable, unless it cannot have reached the server."""

from collections.abc import Iterator

import pytest

from chassis.postgres.database import UNAVAILABLE, ClockError, OtherTimelineError, retry_while_unavailable


class Work:
    """Raises one error per call, and then succeeds."""

    def __init__(self, *failures: Exception) -> None:
        self._failures: Iterator[Exception] = iter(failures)
        self.tries = 0

    async def __call__(self) -> str:
        self.tries += 1
        for failure in self._failures:
            raise failure
        return "done"


async def attempt(work: Work, seconds: float = 5.0) -> str:
    return await retry_while_unavailable(work, deadline_seconds=seconds, pause_seconds=0.001)


async def test_work_that_may_have_reached_the_server_is_retried_even_while_it_refuses() -> None:
    assert await attempt(Work(ConnectionResetError(), ConnectionRefusedError(), ConnectionRefusedError())) == "done"


async def test_work_that_cannot_have_reached_the_server_fails_at_once() -> None:
    work = Work(ConnectionRefusedError())
    with pytest.raises(ConnectionRefusedError):
        await attempt(work)
    assert work.tries == 1


async def test_a_server_on_another_timeline_is_not_retried() -> None:
    work = Work(ConnectionResetError(), OtherTimelineError())
    with pytest.raises(OtherTimelineError):
        await attempt(work)
    assert work.tries == 2


async def test_a_wrong_clock_counts_as_unavailable_and_is_not_retried() -> None:
    work = Work(ConnectionResetError(), ClockError())
    with pytest.raises(UNAVAILABLE):
        await attempt(work)
    assert work.tries == 2


async def test_retries_end_at_the_deadline() -> None:
    work = Work(*[ConnectionResetError()] * 10_000)
    with pytest.raises(ConnectionResetError):
        await attempt(work, seconds=0.02)
    assert work.tries > 1
