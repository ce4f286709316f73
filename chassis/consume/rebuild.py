"""Makes a read model again from its events while the old one stays in use, and switches when both stand alike (P6).

A second applier fills a copy of the tables from the same feed. Under locks that keep the live applier still, the copy
takes the tables' place and its positions become the live ones, so nothing is applied twice or passed over.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import asyncpg

from chassis.consume.applier import Applier
from chassis.postgres.database import UNAVAILABLE, Connection, Pool, connection, transaction
from chassis.postgres.shadow import LIVE, SCHEMA, ShadowTables
from chassis.runtime.supervisor import Health

LOOK_SECONDS = 0.05
# How long the live applier may be kept still; it is refused and tries again after a while longer.
HOLD_SECONDS = 2.0
MAX_SWITCHES = 20
# Statements that fill or index whole tables may take longer than those of a request.
SESSION = {
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "synchronous_commit": "off",
    "search_path": f"{SCHEMA}, {LIVE}",
}

HOLD = "SELECT FROM consumer_position WHERE consumer = $1 ORDER BY topic, partition FOR UPDATE"
BEHIND = """
    SELECT count(*) FROM consumer_position live
    LEFT JOIN consumer_position copy
        ON copy.consumer = $2 AND copy.topic = live.topic AND copy.partition = live.partition
    WHERE live.consumer = $1 AND live.position > coalesce(copy.position, 0)
"""
PROGRESS = """
    SELECT coalesce(sum(least(copy.position, live.position)), 0)::float8 / greatest(sum(live.position), 1)::float8
    FROM consumer_position live
    LEFT JOIN consumer_position copy
        ON copy.consumer = $2 AND copy.topic = live.topic AND copy.partition = live.partition
    WHERE live.consumer = $1
"""
NEWLY_PARKED = """
    SELECT count(DISTINCT subject) FROM parked_event copy WHERE consumer = $2
        AND NOT EXISTS (SELECT FROM parked_event live WHERE live.consumer = $1 AND live.subject = copy.subject)
"""
TAKE_OVER = (
    "DELETE FROM consumer_position WHERE consumer = $1",
    "UPDATE consumer_position SET consumer = $1 WHERE consumer = $2",
    "DELETE FROM parked_event WHERE consumer = $1",
    "UPDATE parked_event SET consumer = $1 WHERE consumer = $2",
)
FORGET = (
    "DELETE FROM consumer_position WHERE consumer = $1",
    "DELETE FROM parked_event WHERE consumer = $1",
)

ALMOST = 0.999
LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('care.rebuild'))"

SHARED, ALONE = True, False
Feed = Callable[[Applier, Health, bool], Callable[[], Awaitable[None]]]
Report = Callable[[float], None]


class RebuildFailedError(Exception):
    """The copy was not put in the live tables' place; those are as they were."""


@dataclass(frozen=True, slots=True)
class ReadModel:
    """Tables that are made of events alone.

    `feed` returns what carries events to an applier, for ever: SHARED with other processes, or all of them ALONE.
    """

    applier: Applier
    tables: Sequence[str]
    feed: Feed

    def follow(self, health: Health) -> Callable[[], Awaitable[None]]:
        """Return what keeps the live tables in step, for ever."""
        return self.feed(self.applier, health, SHARED)


class Rebuild:
    """One rebuild of one read model. `pool` belongs to the tables' owner, its sessions set as SESSION says."""

    def __init__(self, model: ReadModel, pool: Pool) -> None:
        self._model = model
        self._pool = pool
        self._shadow = ShadowTables(model.tables)
        self._live = model.applier.name
        self._copy = f"{self._live}-{uuid4().hex[:8]}"
        self._applier = Applier(self._copy, pool, model.applier.handler)

    async def run(self, report: Report) -> None:
        """Rebuild and switch; `report` is told how far it is, from 0 to 1. Raises RebuildFailedError."""
        async with transaction(self._pool) as alone:
            if not await alone.fetchval(LOCK):
                raise RebuildFailedError("another rebuild of this database is under way")
            try:
                await self._make(report)
            finally:
                await self._forget()

    async def _make(self, report: Report) -> None:
        async with transaction(self._pool) as held:
            await self._shadow.create(held)
        async with self._fed() as feeding:
            await self._catch_up(feeding, report)
        async with transaction(self._pool) as held:
            await self._shadow.complete(held)
        await self._switch(report)

    @asynccontextmanager
    async def _fed(self) -> AsyncIterator[asyncio.Future[None]]:
        """Feed the copy for the time of the block."""
        feeding = asyncio.ensure_future(self._model.feed(self._applier, Health(self._copy), ALONE)())
        try:
            yield feeding
        finally:
            await stop(feeding)

    async def _catch_up(self, feeding: asyncio.Future[None], report: Report) -> None:
        """Wait until the copy stands where the live tables do, or further."""
        while (share := await self._share()) < 1.0:
            report(share)
            if feeding.done():
                raise RebuildFailedError("the feed ended") from feeding.exception()
            await asyncio.sleep(LOOK_SECONDS)

    async def _share(self) -> float:
        """Return how far the copy is, from 0 to 1: there it stands where the live tables do, or further."""
        async with connection(self._pool) as held:
            if not await held.fetchval(BEHIND, self._live, self._copy):
                return 1.0
            share: float = await held.fetchval(PROGRESS, self._live, self._copy)
            return min(share, ALMOST)

    async def _switch(self, report: Report) -> None:
        for _ in range(MAX_SWITCHES):
            try:
                async with self._fed() as feeding:
                    await self._catch_up(feeding, report)
                    async with transaction(self._pool) as held:
                        await self._switch_within(held, feeding, report)
            except asyncpg.DependentObjectsStillExistError as error:
                raise RebuildFailedError(f"{error}: {error.detail}") from error
            except UNAVAILABLE:
                # Somebody reads for a long time; waiting for them would make all others wait behind us.
                continue
            else:
                return
        raise RebuildFailedError(f"{MAX_SWITCHES} times the tables were in use by others")

    async def _switch_within(self, held: Connection, feeding: asyncio.Future[None], report: Report) -> None:
        """Keep the live applier still, let the copy come as far as it did, and put it in its place."""
        await held.execute(HOLD, self._live)
        async with asyncio.timeout(HOLD_SECONDS):
            await self._catch_up(feeding, report)
        await stop(feeding)
        if parked := await held.fetchval(NEWLY_PARKED, self._live, self._copy):
            raise RebuildFailedError(f"{parked} customers would be parked who are not now; nothing was changed")
        await self._shadow.switch(held)
        for statement in TAKE_OVER:
            await held.execute(statement, *(self._live, self._copy)[: statement.count("$")])

    async def _forget(self) -> None:
        async with transaction(self._pool) as held:
            await self._shadow.discard(held)
            for statement in FORGET:
                await held.execute(statement, self._copy)


async def stop(feeding: asyncio.Future[None]) -> None:
    """Stop the feed, and wait until it has let go of its transaction."""
    feeding.cancel()
    await asyncio.wait([feeding])
