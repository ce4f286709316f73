"""Work is tried again while the database is away, but nobody waits for a server that cannot have heard of it."""

from collections.abc import Iterator

import pytest

from chassis.postgres.database import OtherTimelineError, retry_while_unavailable


class Work:
    """Ends each time as it is told, and at last well."""

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


async def test_what_may_have_arrived_is_tried_again_even_while_the_server_refuses() -> None:
    assert await attempt(Work(ConnectionResetError(), ConnectionRefusedError(), ConnectionRefusedError())) == "done"


async def test_what_cannot_have_arrived_is_refused_at_once() -> None:
    work = Work(ConnectionRefusedError())
    with pytest.raises(ConnectionRefusedError):
        await attempt(work)
    assert work.tries == 1


async def test_a_server_with_another_history_is_not_asked_again() -> None:
    work = Work(ConnectionResetError(), OtherTimelineError())
    with pytest.raises(OtherTimelineError):
        await attempt(work)
    assert work.tries == 2


async def test_patience_ends() -> None:
    work = Work(*[ConnectionResetError()] * 10_000)
    with pytest.raises(ConnectionResetError):
        await attempt(work, seconds=0.02)
    assert work.tries > 1
