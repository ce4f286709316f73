"""Rebuilds a read model from its events while the live tables stay in use, and then switches to the new ones (P6).

Guarantees. A second applier fills shadow tables from the same feed. Tables that are derived from others are filled
once, when it has caught up. The switch is one transaction: it locks the live positions, waits until the shadow tables
have reached them, and replaces the live tables and positions. So readers never see a mix, and no event is applied twice
or skipped. A transaction that writes live tables without moving a position calls `keep_tables` first. If the rebuild
fails, the live tables are unchanged.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg

from chassis.consume.applier import Applier
from chassis.consume.isolation import Handler
from chassis.consume.positions import OWN_TOPIC
from chassis.consume.table_locks import lock_tables
from chassis.postgres.database import UNAVAILABLE, Connection, Pool, connection, open_pool, transaction
from chassis.postgres.shadow import LIVE, SCHEMA, ShadowTables
from chassis.runtime.supervisor import Health

CONNECTIONS = 4
CHECK_SECONDS = 0.05
# How long a switch may block the live applier, whose transaction then times out and is retried.
HOLD_SECONDS = 2.0
MAX_SWITCHES = 20
# Statements that fill or index whole tables take longer than those of a request.
SESSION = {
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "synchronous_commit": "off",
    "search_path": f"{SCHEMA}, {LIVE}",
}

LOCK_POSITIONS = "SELECT FROM consumer_position WHERE consumer = $1 ORDER BY topic, partition FOR UPDATE"
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
REPLACE_POSITIONS = (
    "DELETE FROM consumer_position WHERE consumer = $1",
    "UPDATE consumer_position SET consumer = $1 WHERE consumer = $2",
    "DELETE FROM parked_event WHERE consumer = $1",
    "UPDATE parked_event SET consumer = $1 WHERE consumer = $2",
)
# Only the copy of a model with its own events reads the own store: nobody would move this position after the switch.
FORGET_OWN = "DELETE FROM consumer_position WHERE consumer = $1 AND topic = $2"
# Also those of a rebuild that was killed. Only one rebuild runs at a time.
DELETE_COPIES = (
    "DELETE FROM consumer_position WHERE consumer ~ ('^' || $1 || '-[0-9a-f]{8}$')",
    "DELETE FROM parked_event WHERE consumer ~ ('^' || $1 || '-[0-9a-f]{8}$')",
)

# Otherwise the server completes a statement of a rebuild that was killed, and the next one waits for its locks. All
# supported versions can check this on Linux only.
CHECK_CLIENT = "SELECT set_config('client_connection_check_interval', '1s', true) WHERE version() LIKE '%linux%'"

NEARLY_COMPLETE = 0.999
LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('care.rebuild'))"
# Whether the copy of a model of the own store has not reached its end.
BEHIND_STORE = """
    SELECT head.position > coalesce((
        SELECT position FROM consumer_position WHERE consumer = $1 AND topic = $2), 0)
    FROM store_head AS head
"""

SHARED, ALONE = True, False
Feed = Callable[[Applier, Health, bool], Callable[[], Awaitable[None]]]
Derive = Callable[[Connection], Awaitable[None]]
Report = Callable[[float], None]
# Called with the names of the live consumer and of its copy.
Switched = Callable[[Connection, str, str], Awaitable[None]]


class RebuildFailedError(Exception):
    """The rebuild failed; the live tables are unchanged."""


@dataclass(frozen=True, slots=True)
class ReadModel:
    """Tables that are filled from events only.

    `feed` returns a task that feeds an applier for ever: SHARED as a member of a group, or ALONE with all partitions. A
    rebuild applies events with `fill` until it has caught up, then calls `derive` once for the other tables, and
    applies later events with `update`. Without them, it applies all events with the handler of the applier.

    `filled`: the tables that only `fill` writes. They get their indexes while `derive` runs, or before it with
    `indexes_first`. `has_own_events`: the feed of a copy contains the own store, which that of the live tables does
    not; the switch waits until all its events are applied. `switched` is called in the transaction of the switch, with
    the new tables in place and the positions of both consumers.
    """

    applier: Applier
    tables: Sequence[str]
    feed: Feed
    fill: Handler | None = None
    derive: Derive | None = None
    update: Handler | None = None
    filled: Sequence[str] = ()
    indexes_first: bool = False
    has_own_events: bool = False
    switched: Switched | None = None

    def follow(self, health: Health) -> Callable[[], Awaitable[None]]:
        """Return the task that keeps the live tables up to date, for ever."""
        return self.feed(self.applier, health, SHARED)


async def open_owner_pool(url: str) -> Pool:
    """Open a pool for rebuilds with the address of the owner of the tables. Its statements have no time limit."""
    return await open_pool(
        url, size=CONNECTIONS, application_name="care-rebuild", session=SESSION, command_timeout_seconds=None
    )


class Rebuild:
    """One rebuild of one read model. `pool` connects as the owner of the tables, with the settings of SESSION."""

    def __init__(self, model: ReadModel, pool: Pool) -> None:
        self._model = model
        self._pool = pool
        self._shadow = ShadowTables(model.tables)
        self._live = model.applier.name
        self._copy = f"{self._live}-{uuid4().hex[:8]}"
        self._applier = Applier(self._copy, pool, self._handle, decode=model.applier.decode)
        self._feeding: asyncio.Future[None] | None = None
        self._is_filling = True

    async def run(self, report: Report) -> None:
        """Rebuild and switch. `report` is called with the progress, from 0 to 1. Raises RebuildFailedError."""
        async with transaction(self._pool) as lock:
            if not await lock.fetchval(LOCK):
                raise RebuildFailedError("another rebuild of this database is running")
            try:
                await self._fill_and_switch(report)
            finally:
                await self._stop_feed()
                await self._discard()

    async def _fill_and_switch(self, report: Report) -> None:
        async with transaction(self._pool) as held:
            await self._delete_copies(held)
            await self._shadow.create(held)
            self._applier.discarded = await self._model.applier.parked_events.discarded(held)
        await self._catch_up(report)
        await self._derive()
        await self._switch(report)

    async def _handle(self, events: Sequence[Any], held: Connection) -> None:
        handler = self._model.fill if self._is_filling else self._model.update
        await (handler or self._model.applier.handler)(events, held)

    async def _derive(self) -> None:
        """Derive the other tables from those that are filled, and complete all. The next batch waits meanwhile."""
        async with self._applier.paused():
            if self._model.indexes_first:
                await self._complete_filled()
                await self._derive_others()
            else:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._complete_filled())
                    group.create_task(self._derive_others())
            self._is_filling = False

    async def _complete_filled(self) -> None:
        async with transaction(self._pool) as held:
            await held.execute(CHECK_CLIENT)
            await self._shadow.complete(held, self._model.filled)

    async def _derive_others(self) -> None:
        async with transaction(self._pool) as held:
            await held.execute(CHECK_CLIENT)
            if self._model.derive:
                await self._model.derive(held)
            await self._shadow.complete(held, [each for each in self._model.tables if each not in self._model.filled])

    def _fed(self) -> asyncio.Future[None]:
        """Return the task that feeds the shadow tables. It is started if it does not run."""
        if self._feeding is None:
            self._feeding = asyncio.ensure_future(self._model.feed(self._applier, Health(self._copy), ALONE)())
        return self._feeding

    async def _stop_feed(self) -> None:
        """Stop the feed and wait until its transaction has ended."""
        if self._feeding:
            self._feeding.cancel()
            await asyncio.wait([self._feeding])
            self._feeding = None

    async def _catch_up(self, report: Report) -> None:
        """Wait until the shadow tables have reached the positions of the live ones."""
        feeding = self._fed()
        while (share := await self._share()) < 1.0:
            report(share)
            if feeding.done():
                raise RebuildFailedError("the feed ended") from feeding.exception()
            await asyncio.sleep(CHECK_SECONDS)

    async def _share(self) -> float:
        """Return the progress from 0 to 1; 1 means that all positions of the live tables are reached."""
        async with connection(self._pool) as held:
            is_behind = await held.fetchval(BEHIND, self._live, self._copy)
            if self._model.has_own_events:
                is_behind = is_behind or await held.fetchval(BEHIND_STORE, self._copy, OWN_TOPIC)
            if not is_behind:
                return 1.0
            share: float = await held.fetchval(PROGRESS, self._live, self._copy)
            return min(share, NEARLY_COMPLETE)

    async def _switch(self, report: Report) -> None:
        for _ in range(MAX_SWITCHES):
            try:
                await self._catch_up(report)
                async with transaction(self._pool) as held:
                    await self._switch_within(held, report)
            except asyncpg.DependentObjectsStillExistError as error:
                raise RebuildFailedError(f"{error}: {error.detail}") from error
            except UNAVAILABLE:
                # A long query uses the tables. Waiting for it would block all other readers behind our lock.
                continue
            else:
                return
        raise RebuildFailedError(f"the tables were in use in all {MAX_SWITCHES} attempts to switch")

    async def _switch_within(self, held: Connection, report: Report) -> None:
        """Block the live applier, wait until the shadow tables have caught up, and replace the live ones with them."""
        await lock_tables(held, self._live)
        await held.execute(LOCK_POSITIONS, self._live)
        async with asyncio.timeout(HOLD_SECONDS):
            await self._catch_up(report)
        await self._stop_feed()
        if parked := await held.fetchval(NEWLY_PARKED, self._live, self._copy):
            raise RebuildFailedError(f"{parked} more customers would have parked events; nothing was changed")
        await self._shadow.switch(held)
        if self._model.switched:
            await self._model.switched(held, self._live, self._copy)
        for statement in REPLACE_POSITIONS:
            await held.execute(statement, *(self._live, self._copy)[: statement.count("$")])
        if self._model.has_own_events:
            await held.execute(FORGET_OWN, self._live, OWN_TOPIC)

    async def _discard(self) -> None:
        async with transaction(self._pool) as held:
            await self._shadow.discard(held)
            await self._delete_copies(held)

    async def _delete_copies(self, held: Connection) -> None:
        for statement in DELETE_COPIES:
            await held.execute(statement, self._live)
