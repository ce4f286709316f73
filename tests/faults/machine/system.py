"""All of it together, one step at a time: two processes that take commands in, lines, readers, the list, the alerts."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from aiokafka import TopicPartition

from chassis.commands.decider import RejectedError
from chassis.commands.result import Handled, KeyReusedError, VersionMismatchError
from chassis.kafka.client import partition_of
from chassis.publish.lease import LEASE_SECONDS
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.event import Envelope
from contracts.topics import ALERT_EVENTS, CUSTOMER_EVENTS, FOLLOWUP_EVENTS, PARTITIONS
from services.alerts.detection.detector import CONSUMER, Detector
from services.alerts.engine.rules import DEFAULT_RULES
from tests.faults.machine.broker import Broker
from tests.faults.machine.death import Death, Died
from tests.faults.machine.listing import Listing
from tests.faults.machine.model import Model, Order, Told
from tests.faults.machine.processes import TWO, Desk, Line, Reader, say_that_followup_is_quiet, see
from tests.faults.machine.silence import Watch
from tests.faults.machine.world import World
from tests.faults.support import evidence, oracle
from tests.faults.support.ledger import LOST, Attempt, Outcome, Reply

PLACES = {
    topic.name: [TopicPartition(topic.name, number) for number in range(PARTITIONS)]
    for topic in (CUSTOMER_EVENTS, FOLLOWUP_EVENTS)
}
ALL = 1_000
HEAD = "head"
MOVES = """
    SELECT 'head' AS name, position FROM store_head
    UNION ALL SELECT 'cursor', position FROM relay_cursor
    UNION ALL SELECT format('%s of %s/%s', consumer, topic, partition), position FROM consumer_position
"""


class System:
    """The product, without its processes and its Kafka. Everything that is asked stands in `attempts`."""

    def __init__(self, world: World, broker: Broker, death: Death) -> None:
        self.world, self.broker, self.death = world, broker, death
        self.attempts: list[Attempt] = []
        self.desks = [Desk(world) for _ in range(TWO)]
        self.lines = [Line(world.customer, CUSTOMER_EVENTS), Line(world.alerts, ALERT_EVENTS)]
        self.detector = Detector(
            EventStore(world.alerts), world.alerts, EventMapper(), DEFAULT_RULES, lambda: world.now
        )
        feeds = [CUSTOMER_EVENTS, FOLLOWUP_EVENTS]
        self.readers = [
            Reader(CONSUMER, world.alerts, feeds, self.detector.apply, death),
            Reader("seen", world.customer, [CUSTOMER_EVENTS], see, death),
        ]
        self.listing = Listing(world, death)
        self.watch = Watch()
        self._pools = (world.customer, world.alerts)
        self._moves: list[dict[str, list[int]]] = [{}, {}]
        self._may_rewind: set[int] = set()
        self._facts: list[Envelope[Any]] = []

    async def ask(self, order: Order, process: int) -> Told | None:
        """Send an order; None where the process died and nobody knows what became of it."""
        try:
            handled: Handled = await self.desks[process].ask(order)
        except Died:
            self.desks[process].restart()
            self.attempts.append(Attempt(order.key, LOST))
            return None
        except (RejectedError, VersionMismatchError) as error:
            self.attempts.append(Attempt(order.key, Reply(Outcome.REFUSED)))
            return Told(refusal=error.code if isinstance(error, RejectedError) else "version-mismatch")
        self.attempts.append(Attempt(order.key, Reply(Outcome.ACKED, handled.status, handled.body.decode())))
        return Told(handled.version, events=handled.events)

    async def has_answer(self, key: str) -> bool:
        """Tell what became of an order that nobody was told of."""
        return await EventStore(self.world.customer).answer(key) is not None

    async def is_refused_for_its_key(self, order: Order, process: int) -> bool:
        try:
            await self.desks[process].ask(order, other=True)
        except KeyReusedError:
            return True
        return False

    async def deliver(
        self, reader: int, member: int, places: Sequence[TopicPartition], start: int | None, count: int
    ) -> None:
        await self.readers[reader].deliver(self.broker, member, places, start, count)
        await self.watch.hear(self.world.alerts, await self.facts(), self.world.now)

    async def deliver_marks(self) -> None:
        """Let followup say that it is quiet up to now, and alerts hear it."""
        say_that_followup_is_quiet(self.broker, self.world)
        await self.deliver(0, 0, PLACES[FOLLOWUP_EVENTS.name], None, ALL)

    async def let_flow(self, relay: int, member: int) -> None:
        """Carry on what there is, as far as whoever is awake and alive gets."""
        await self.lines[0].publish(relay)
        await self.deliver_marks()
        await self.deliver(0, member, PLACES[CUSTOMER_EVENTS.name], None, ALL)
        await self.look()

    async def look(self) -> None:
        """Let the timers of alerts look, and the oracle."""
        wrong = await self.watch.look(self.world.alerts, await self.facts(), self.world.now)
        await self.detector.run_due()
        oracle.hold(wrong)

    async def facts(self) -> list[Envelope[Any]]:
        """Return the whole store; what was read of it once stays as it is."""
        after = self._facts[-1].position if self._facts else 0
        self._facts += await evidence.stored(self.world.customer, after=after)
        return self._facts

    def lose_kafka(self) -> None:
        """Kafka is empty, and everything that knew it is started again, as the runbook asks."""
        self.broker.lose_everything()
        for line in self.lines:
            line.restart()
        for reader in self.readers:
            reader.restart()
        self._may_rewind = {0, 1}

    async def positions_move_on(self) -> None:
        """I6, looked at after every step; only the cursors of a lost Kafka go back, once."""
        found = [dict(rows) for rows in await both(*(pool.fetch(MOVES) for pool in self._pools))]
        heads = [positions.pop(HEAD) for positions in found]
        for number, positions in enumerate(found):
            for name, position in positions.items():
                self._moved(number, name, position)
        published, read = self._moves[1].pop("cursor"), self._moves[1]
        oracle.hold(
            oracle.never_back({**self._moves[0], **read}, heads[0]), oracle.never_back({"cursor": published}, heads[1])
        )
        self._moves[1]["cursor"] = published

    def _moved(self, number: int, name: str, position: int) -> None:
        before = self._moves[number].get(name, [])[-1:]
        if name == "cursor" and number in self._may_rewind and before > [position]:
            self._may_rewind.discard(number)
            before = []
        self._moves[number][name] = [*before, position]

    async def settle(self, model: Model) -> None:
        """Let everything come to rest, and hold it against the model and the invariants."""
        self.death.awaits_at(None)
        await self.world.pass_time(timedelta(seconds=LEASE_SECONDS + 1))
        await self.publish_all(self.lines[0])
        for number, reader in enumerate(self.readers):
            reader.restart()
            await self.deliver(number, 0, PLACES[CUSTOMER_EVENTS.name], 0, ALL)
        await self.deliver_marks()
        await self.look()
        await self.publish_all(self.lines[1])
        await self.listing.catch_up()
        await self._hold(model)

    async def publish_all(self, line: Line) -> None:
        line.restart()
        await line.publish(0)

    async def _hold(self, model: Model) -> None:
        stored, alerts = await evidence.stored(self.world.customer), await evidence.stored(self.world.alerts)
        rows = await evidence.customer_list(self.world.customer)
        # What changed nothing has no event that could be looked for.
        attempts = [each for each in self.attempts if each.reply is LOST or each.command in model.effective]
        oracle.hold(
            oracle.acknowledged_is_stored_once(attempts, stored),
            oracle.refused_has_no_effect(attempts, stored),
            oracle.store_is_in_order(stored),
            oracle.topic_is_complete(stored, self.broker.published(CUSTOMER_EVENTS)),
            oracle.topic_is_complete(alerts, self.broker.published(ALERT_EVENTS)),
            oracle.applied_once(stored, await evidence.applied(self.world.customer)),
            oracle.same_rows("customer", evidence.folded_list(stored), rows),
            oracle.same_rows("model", model.customers, {key: as_modelled(row) for key, row in rows.items()}),
            await self.watch.differences(self.world.alerts),
        )
        await self.positions_move_on()


def as_modelled(row: dict[str, Any]) -> dict[str, Any]:
    told = {name: row[name] for name in ("name", "stage", "industry", "version")}
    return told | {"tier": row["tiers"].get("default")}


def place_of(customer: object) -> TopicPartition:
    return PLACES[CUSTOMER_EVENTS.name][partition_of(str(customer).encode(), PARTITIONS)]


async def both(*asked: Any) -> list[Any]:
    return list(await asyncio.gather(*asked))
