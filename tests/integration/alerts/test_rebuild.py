"""The memory is rebuilt while operations publish rules: what is published meanwhile concerns the new tables, too."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from chassis.consume.applier import Applier, Batch
from chassis.consume.local_feed import LocalFeed
from chassis.consume.positions import Progress, Source
from chassis.consume.rebuild import CONNECTIONS, SESSION, ReadModel, Rebuild
from chassis.postgres.database import Connection, Pool, open_pool
from chassis.runtime.supervisor import Health
from contracts.topics import CUSTOMER_EVENTS, PARTITIONS
from services.alerts.detection.derivation import FACTS, Derivation, envelope_of
from services.alerts.detection.detector import CONSUMER, FEEDS, Detector
from services.alerts.detection.read_model import FILLED, TABLES, MemoryModel
from services.alerts.detection.received import read
from tests.silence.test_detection import delivery, partition
from tests.support.rule_desk import COMPLETE, RuleDesk, kinds, silence, stored_rules
from tests.support.servers import Database

ALL_APPLIED = "UPDATE consumer_position SET position = $1 WHERE consumer = $2"


@dataclass
class Rebuilding:
    """Rebuilds the memory of the service. `meanwhile` runs when it is derived, and not yet switched to."""

    desk: RuleDesk
    owner: Pool

    async def run(self, meanwhile: Callable[[], Awaitable[None]]) -> None:
        await self.desk.pool.execute(ALL_APPLIED, self.desk.heard, CONSUMER)
        memories = MemoryModel(self.desk.detector, Derivation(self.desk.mapper, stored_rules()))

        async def derive(held: Connection) -> None:
            await memories.derive(held)
            await meanwhile()

        model = ReadModel(
            Applier(CONSUMER, self.desk.pool, self.desk.detector.apply, decode=read),
            TABLES,
            lambda applier, _health, _shared: lambda: self._feed(applier),
            fill=memories.fill,
            derive=derive,
            update=memories.update,
            filled=FILLED,
            indexes_first=True,
            has_own_events=True,
            switched=memories.switched,
        )
        await Rebuild(model, self.owner).run(lambda _share: None)

    async def _feed(self, applier: Applier) -> None:
        facts = [envelope_of(row) for row in await self.desk.pool.fetch(f"{FACTS} ORDER BY position")]
        reached, batches = Progress(self.desk.heard, datetime.now(UTC)), {}
        for source in (Source(*each) for each in product(FEEDS, range(PARTITIONS))):
            own = [each for each in facts if source == Source(CUSTOMER_EVENTS.name, partition(each.subject))]
            deliveries = [delivery(source, each) for each in own]
            batches[source] = (await applier.progress(source), Batch(deliveries, reached))
        await applier.apply(batches)
        await LocalFeed(self.desk.store, self.desk.mapper, applier, health=Health("copy"), shared=False).run()


@pytest.fixture
async def rebuilding(desk: RuleDesk, database: Database) -> AsyncIterator[Rebuilding]:
    session = {**SESSION, "role": "care_migrator"}
    owner = await open_pool(database.admin, size=CONNECTIONS, application_name="tests", session=session)
    yield Rebuilding(desk, owner)
    await owner.close()


async def test_rules_that_are_published_after_the_derivation_are_swept_again(
    desk: RuleDesk, rebuilding: Rebuilding
) -> None:
    await desk.customer(0)
    await desk.settle()

    async def published() -> None:
        await desk.publish("calls", silence(1))
        await desk.settle()

    await rebuilding.run(published)
    await desk.settle()
    later = datetime.now(UTC) + timedelta(days=1)
    await desk.pool.execute(COMPLETE, CONSUMER, FEEDS, PARTITIONS, later)
    await Detector(desk.store, desk.pool, desk.mapper, desk.rules, lambda: later).run_due()
    assert kinds(await desk.told("calls")) == ["raised"]


async def test_an_alert_that_rules_raised_after_the_derivation_is_raised_once(
    desk: RuleDesk, rebuilding: Rebuilding
) -> None:
    await desk.customer(50)
    await desk.settle()

    async def published() -> None:
        await desk.publish("calls", silence(7))
        await desk.settle()
        assert kinds(await desk.told("calls")) == ["raised"]

    await rebuilding.run(published)
    await desk.settle()
    assert kinds(await desk.told("calls")) == ["raised"]
