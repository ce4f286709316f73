"""The list of customers: applied up to the end of the store, or rebuilt."""

import contextlib
from collections.abc import Sequence
from typing import Any

from chassis.consume.applier import Applier
from chassis.consume.local_feed import LocalFeed
from chassis.consume.rebuild import ReadModel, Rebuild
from chassis.postgres.database import Connection
from chassis.runtime.supervisor import Health
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper, RecordedEvent
from contracts.event import Envelope
from services.customer import projection
from tests.faults.machine.databases import Databases
from tests.faults.machine.process_death import ProcessDeath, ProcessDied
from tests.faults.machine.processes import APPLYING
from tests.support.lists import APPLY


class CaughtUpError(Exception):
    """The end of the store is reached."""


class FiniteStore(EventStore):
    """A store whose reader gets an error at its end instead of waiting for more."""

    async def read_all(self, *, after: int, limit: int = 1_000) -> list[RecordedEvent]:
        rows = await super().read_all(after=after, limit=limit)
        if not rows:
            raise CaughtUpError
        return rows


class ListProjection:
    """Every call starts like a new process, without state in memory."""

    def __init__(self, databases: Databases, death: ProcessDeath) -> None:
        async def handle_or_die(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
            await APPLY(envelopes, held)
            death.point(APPLYING)

        self._world = databases
        self._live = Applier(projection.CONSUMER, databases.customer, handle_or_die)

    async def catch_up(self) -> None:
        store = FiniteStore(self._world.customer)
        with contextlib.suppress(CaughtUpError, ProcessDied):
            await LocalFeed(store, EventMapper(), self._live, health=Health(projection.CONSUMER)).run()

    async def rebuild(self) -> None:
        store = EventStore(self._world.customer)
        model = ReadModel(
            self._live,
            projection.TABLES,
            lambda applier, health, shared: LocalFeed(store, EventMapper(), applier, health=health, shared=shared).run,
        )
        await Rebuild(model, self._world.owner).run(lambda _share: None)
