"""Divides a batch that takes too long into parts, each with its own transaction."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import inf

from asyncpg.exceptions import LockNotAvailableError, TransactionRollbackError

from chassis.consume.delivery import Delivery
from chassis.consume.positions import NEVER, Progress, Source
from chassis.postgres.database import UNAVAILABLE, Connection, Pool, transaction

Moves = Mapping[Source, tuple[int, Progress]]

# A little less than the shortest limit of a connection: COMMAND_TIMEOUT_SECONDS, idle_in_transaction_session_timeout.
TOO_LONG_SECONDS = 4.5
# Another transaction is the cause, and not the length of this one.
CAUSED_BY_OTHERS = (LockNotAvailableError, TransactionRollbackError)


class TookTooLongError(TimeoutError):
    """A transaction was ended by a time limit."""


@dataclass(frozen=True, slots=True)
class Part:
    """Consecutive records of a batch, those of each source together, and the moves that commit with them.

    A move is the position at which a source must be, and its progress afterwards.
    """

    deliveries: Sequence[Delivery]
    moves: Moves

    def halves(self) -> tuple["Part", "Part"]:
        """Return two parts that have the same effect, one after the other."""
        middle = len(self.deliveries) // 2
        first, second = self.deliveries[:middle], self.deliveries[middle:]
        unfinished = {delivery.source for delivery in second}
        moves = {source: self._move_after(source, first) for source in unfinished & self.moves.keys()}
        finished = {source: move for source, move in self.moves.items() if source not in unfinished}
        rest = {source: (moves[source][1].position, self.moves[source][1]) for source in moves}
        return Part(first, finished | moves), Part(second, rest)

    def _move_after(self, source: Source, deliveries: Sequence[Delivery]) -> tuple[int, Progress]:
        """Return the move of an unfinished source. It leaves the watermark, which holds for the whole batch only."""
        start, _ = self.moves[source]
        positions = [delivery.position for delivery in deliveries if delivery.source == source]
        return start, Progress(max([start, *positions]), NEVER)


@asynccontextmanager
async def limited_transaction(pool: Pool) -> AsyncIterator[Connection]:
    """A transaction that raises TookTooLongError if a time limit ends it.

    The limits are those of the connection: of a statement, and of the time without a statement. Their errors differ:
    if the server ends a session, the driver reports only that the connection is closed. So the elapsed time decides.
    """
    loop, started_at = asyncio.get_running_loop(), inf
    try:
        async with transaction(pool) as held:
            started_at = loop.time()
            yield held
    except CAUSED_BY_OTHERS:
        raise
    except UNAVAILABLE as error:
        if loop.time() - started_at < TOO_LONG_SECONDS:
            raise
        raise TookTooLongError(f"{type(error).__name__} after {loop.time() - started_at:.0f} s") from error
