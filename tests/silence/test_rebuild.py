"""The memory of alerts is rebuilt while the detector works: no alert is lost, repeated, or left open (P6)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from chassis.consume.applier import Applier, Batch
from chassis.consume.local_feed import LocalFeed
from chassis.consume.positions import Progress, Source
from chassis.consume.rebuild import ReadModel, Rebuild, RebuildFailedError
from chassis.postgres.database import Connection, transaction
from chassis.runtime.supervisor import Health
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.customer import Kind, Registered
from contracts.event import Event
from contracts.followup import Channel, ContactLogged, Direction, TaskCompleted, TaskScheduled
from services.alerts.detection import read_model
from services.alerts.detection.derivation import Derivation
from services.alerts.detection.packing import unpacked
from services.alerts.detection.read_model import FILLED, TABLES, MemoryModel
from tests.silence.conftest import Databases
from tests.silence.delivery import Delivered, Looked, Marked
from tests.silence.histories import CUSTOMER, FEEDS, FOLLOWUP, Facts
from tests.silence.test_derivation import stored
from tests.silence.test_detection import Live, delivery, partition, told
from tests.support import customer_life
from tests.support.customer_life import day
from tests.support.facts import received_of
from tests.support.rule_books import THREE_RULES

CONTACT = ContactLogged(channel=Channel.PHONE, direction=Direction.INBOUND, employee_id="wang")


def facts_of(*lives: tuple[str, Event, float]) -> Facts:
    """Return the facts of one customer, given as feed, event and day."""
    facts: Facts = {feed: [] for feed in FEEDS}
    for feed, event, occurred in lives:
        position = len(facts[feed]) + 1
        facts[feed].append(replace(customer_life.envelope(event, occurred), position=position))
    return facts


SILENT = facts_of((CUSTOMER, Registered(kind=Kind.COMPANY), 0), (FOLLOWUP, CONTACT, 41))


@dataclass
class Rebuilding:
    """Rebuilds the memory. The copy receives all facts, and `meanwhile` runs once the memory is derived from them."""

    live: Live
    databases: Databases
    facts: Facts
    meanwhile: Callable[[], Awaitable[None]]

    async def run(self) -> None:
        memory = MemoryModel(self.live.detector, Derivation(EventMapper(), THREE_RULES))

        async def derive(held: Connection) -> None:
            await memory.derive(held)
            await self.meanwhile()

        model = ReadModel(
            self.live.applier,
            TABLES,
            lambda applier, _health, _shared: lambda: self._feed(applier),
            fill=memory.fill,
            derive=derive,
            update=memory.update,
            filled=FILLED,
            indexes_first=True,
            has_own_events=True,
            switched=memory.switched,
        )
        await Rebuild(model, self.databases.owner).run(lambda _share: None)

    async def _feed(self, applier: Applier) -> None:
        for feed, facts in self.facts.items():
            for fact in facts:
                source = Source(feed, partition(fact.subject))
                start = await applier.progress(source)
                batch = Batch([delivery(source, fact)], Progress(fact.position, fact.recorded_at))
                await applier.apply({source: (start, batch)})
        store = EventStore(self.databases.owner)
        await LocalFeed(store, EventMapper(), applier, health=Health("copy"), shared=False).run()


async def nothing() -> None:
    await asyncio.sleep(0)


async def completed(live: Live, at: float) -> None:
    """Let both feeds be complete up to a day, and raise what is due."""
    for step in (Marked(day(at), CUSTOMER), Marked(day(at), FOLLOWUP), Looked(day(at))):
        await live.take(SILENT, step)


async def test_an_event_that_only_the_copy_has_received_ends_its_alert(databases: Databases) -> None:
    live = Live(databases.app)
    await live.take(SILENT, Delivered(day(0), CUSTOMER, 0, 1))
    await completed(live, 40)
    await Rebuilding(live, databases, SILENT, nothing).run()
    said = await told(databases.app)
    assert [each.kind for each in said] == ["raised", "cleared"]
    assert said[1].ends_at == day(41)
    # The contact is not delivered to the live consumer again, and nothing is left to do.
    live.restart()
    await completed(live, 42)
    assert len(await told(databases.app)) == 2


async def test_a_task_that_only_the_copy_knows_to_be_done_ends_its_alert_at_that_time(databases: Databases) -> None:
    facts = facts_of(
        (CUSTOMER, Registered(kind=Kind.COMPANY), 0),
        (FOLLOWUP, TaskScheduled(due_at=day(2), assignee_id="wang"), 1),
        (FOLLOWUP, TaskCompleted(due_at=day(2), employee_id="wang"), 4),
    )
    live = Live(databases.app)
    await live.take(facts, Delivered(day(0), CUSTOMER, 0, 1))
    await live.take(facts, Delivered(day(1), FOLLOWUP, 0, 1))
    await completed(live, 3)
    await Rebuilding(live, databases, facts, nothing).run()
    said = await told(databases.app)
    assert [(each.kind, each.ends_at) for each in said] == [("raised", None), ("cleared", day(4))]


async def test_an_alert_that_is_raised_during_the_rebuild_is_known_after_it(databases: Databases) -> None:
    live = Live(databases.app)
    await live.take(SILENT, Delivered(day(0), CUSTOMER, 0, 1))
    only_registered = {CUSTOMER: SILENT[CUSTOMER], FOLLOWUP: []}
    await Rebuilding(live, databases, only_registered, lambda: completed(live, 40)).run()
    live.restart()
    await completed(live, 40.5)
    assert [each.kind for each in await told(databases.app)] == ["raised"]
    await live.take(SILENT, Delivered(day(41), FOLLOWUP, 0, 1))
    assert [each.kind for each in await told(databases.app)] == ["raised", "cleared"]


async def test_a_rebuild_leaves_no_position_in_the_own_store_which_the_live_consumer_does_not_read(
    databases: Databases,
) -> None:
    live = Live(databases.app)
    await live.take(SILENT, Delivered(day(0), CUSTOMER, 0, 1))
    await completed(live, 40)
    await Rebuilding(live, databases, SILENT, nothing).run()
    topics = await databases.app.fetch("SELECT DISTINCT topic FROM consumer_position ORDER BY topic")
    assert [row["topic"] for row in topics] == [CUSTOMER, FOLLOWUP]


async def test_a_rebuild_does_not_switch_while_the_live_consumer_is_far_behind(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_model, "MAX_AHEAD", 0)
    live = Live(databases.app)
    await live.take(SILENT, Delivered(day(0), CUSTOMER, 0, 1))
    await completed(live, 40)
    with pytest.raises(RebuildFailedError, match="1 events behind"):
        await Rebuilding(live, databases, SILENT, nothing).run()
    assert await databases.owner.fetchval("SELECT count(*) FROM fact") == 1


async def test_events_that_arrive_during_a_rebuild_are_folded_into_the_derived_memory(databases: Databases) -> None:
    live = Live(databases.app)
    await live.take(SILENT, Delivered(day(0), CUSTOMER, 0, 1))
    await completed(live, 40)
    memory = MemoryModel(live.detector, Derivation(EventMapper(), THREE_RULES))
    async with transaction(databases.owner) as held:
        await memory.update(received_of(SILENT[FOLLOWUP]), held)
    assert [each.kind for each in await told(databases.app)] == ["raised"]
    known = unpacked(next(iter((await stored(databases.app)).values())))
    assert known.facts.last_contact
    assert (known.facts.last_contact.at, len(known.open)) == (day(41), 1)
