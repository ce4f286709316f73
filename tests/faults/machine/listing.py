"""The list of customers: carried on to the end of the store, or made again."""

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
from tests.faults.machine.death import Death, Died
from tests.faults.machine.processes import APPLYING
from tests.faults.machine.world import World
from tests.support.lists import APPLY


class CaughtUpError(Exception):
    """There is nothing more to read."""


class ToItsEnd(EventStore):
    """A store whose reader is told where it ends, instead of waiting for more."""

    async def read_all(self, *, after: int, limit: int = 1_000) -> list[RecordedEvent]:
        rows = await super().read_all(after=after, limit=limit)
        if not rows:
            raise CaughtUpError
        return rows


class Listing:
    """Every call begins as a process that has just started."""

    def __init__(self, world: World, death: Death) -> None:
        async def mortal(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
            await APPLY(envelopes, held)
            death.point(APPLYING)

        self._world = world
        self._live = Applier(projection.CONSUMER, world.customer, mortal)

    async def catch_up(self) -> None:
        store = ToItsEnd(self._world.customer)
        with contextlib.suppress(CaughtUpError, Died):
            await LocalFeed(store, EventMapper(), self._live, health=Health(projection.CONSUMER)).run()

    async def make_again(self) -> None:
        store = EventStore(self._world.customer)
        model = ReadModel(
            self._live,
            projection.TABLES,
            lambda applier, health, shared: LocalFeed(store, EventMapper(), applier, health=health, shared=shared).run,
        )
        await Rebuild(model, self._world.owner).run(lambda _share: None)
