"""The whole system, run one step at a time: two command processes, relays, consumers, the list, and the alerts."""

import asyncio
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
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
from contracts.topics import ALERT_EVENTS, CUSTOMER_EVENTS, FOLLOWUP_EVENTS, PARTITIONS, watermarks_of
from services.alerts.detection.detector import CONSUMER, Detector
from services.alerts.detection.pending_timer import PendingTimer
from services.alerts.detection.received import read
from tests.faults.machine.alert_oracle import AlertOracle
from tests.faults.machine.broker import Broker
from tests.faults.machine.databases import Databases
from tests.faults.machine.list_projection import ListProjection
from tests.faults.machine.model import Expected, Model, Order
from tests.faults.machine.process_death import ProcessDeath, ProcessDied
from tests.faults.machine.processes import (
    TWO,
    CommandProcess,
    ConsumerGroup,
    RelayPair,
    publish_followup_watermarks,
    see,
)
from tests.faults.support import evidence, oracle
from tests.faults.support.ledger import LOST, Attempt, Outcome, Reply
from tests.support.rule_books import THREE_RULES

PLACES = {
    topic.name: [TopicPartition(topic.name, number) for number in range(PARTITIONS)]
    for topic in (CUSTOMER_EVENTS, watermarks_of(CUSTOMER_EVENTS), watermarks_of(FOLLOWUP_EVENTS))
}
WITH_WATERMARKS = PLACES[CUSTOMER_EVENTS.name] + PLACES[watermarks_of(CUSTOMER_EVENTS).name]
ALL = 1_000
HEAD = "head"
MOVES = """
    SELECT 'head' AS name, position FROM store_head
    UNION ALL SELECT 'cursor', position FROM relay_cursor
    UNION ALL SELECT format('%s of %s/%s', consumer, topic, partition), position FROM consumer_position
"""


@dataclass(frozen=True)
class Copy:
    """What was known when the databases were copied."""

    attempts: list[Attempt]
    facts: list[Envelope[Any]]
    alert_oracle: AlertOracle


class System:
    """The product without processes and Kafka. Every order that was sent is in `attempts`."""

    def __init__(self, databases: Databases, broker: Broker, death: ProcessDeath) -> None:
        self.databases, self.broker, self.death = databases, broker, death
        self.attempts: list[Attempt] = []
        self.command_processes = [CommandProcess(databases) for _ in range(TWO)]
        self.relay_pairs = [RelayPair(databases.customer, CUSTOMER_EVENTS), RelayPair(databases.alerts, ALERT_EVENTS)]
        pool, clock = databases.alerts, lambda: databases.now
        self.detector = Detector(EventStore(pool), pool, EventMapper(), THREE_RULES, clock)
        self.pending_timer = PendingTimer(pool, self.detector, clock, pause_seconds=0)
        feeds = [CUSTOMER_EVENTS, FOLLOWUP_EVENTS]
        self.consumer_groups = [
            ConsumerGroup(CONSUMER, databases.alerts, feeds, self.detector.apply, death, read),
            ConsumerGroup("seen", databases.customer, [CUSTOMER_EVENTS], see, death),
        ]
        self.list_projection = ListProjection(databases, death)
        self.alert_oracle = AlertOracle()
        self._pools = (databases.customer, databases.alerts)
        self._moves: list[dict[str, list[int]]] = [{}, {}]
        self._may_rewind: set[int] = set()
        self._facts: list[Envelope[Any]] = []

    async def ask(self, order: Order, process: int) -> Expected | None:
        """Send an order; None if the process died and the result is unknown."""
        try:
            handled: Handled = await self.command_processes[process].ask(order)
        except ProcessDied:
            self.command_processes[process].restart()
            self.attempts.append(Attempt(order.key, LOST))
            return None
        except (RejectedError, VersionMismatchError) as error:
            self.attempts.append(Attempt(order.key, Reply(Outcome.REFUSED)))
            return Expected(refusal=error.code if isinstance(error, RejectedError) else "version-mismatch")
        self.attempts.append(Attempt(order.key, Reply(Outcome.ACKED, handled.status, handled.body.decode())))
        return Expected(handled.version, events=handled.events)

    async def has_answer(self, key: str) -> bool:
        """Return whether the order was stored."""
        return await EventStore(self.databases.customer).answer(key) is not None

    async def is_refused_for_its_key(self, order: Order, process: int) -> bool:
        try:
            await self.command_processes[process].ask(order, other=True)
        except KeyReusedError:
            return True
        return False

    async def deliver(
        self, group: int, member: int, places: Sequence[TopicPartition], start: int | None, count: int
    ) -> None:
        await self.consumer_groups[group].deliver(self.broker, member, places, start, count)
        await self.alert_oracle.receive(self.databases.alerts, await self.facts(), self.databases.now)

    async def deliver_marks(self) -> None:
        """Publish watermarks up to now on followup's topic, and deliver them to alerts."""
        publish_followup_watermarks(self.broker, self.databases)
        await self.deliver(0, 0, PLACES[watermarks_of(FOLLOWUP_EVENTS).name], None, ALL)

    async def let_flow(self, relay: int, member: int) -> None:
        """Publish and deliver everything once, with the given relay and member."""
        await self.relay_pairs[0].publish(relay)
        await self.deliver_marks()
        await self.deliver(0, member, WITH_WATERMARKS, None, ALL)
        await self.evaluate_alerts()

    async def evaluate_alerts(self) -> None:
        """Run the timers of alerts, and evaluate the oracle."""
        wrong = await self.alert_oracle.evaluate(self.databases.alerts, await self.facts(), self.databases.now)
        await self.detector.run_due()
        oracle.hold(wrong)

    async def append_pending_changes(self) -> None:
        await self.pending_timer.run_due()

    async def facts(self) -> list[Envelope[Any]]:
        """Return all events of the store; only new ones are read."""
        after = self._facts[-1].position if self._facts else 0
        self._facts += await evidence.stored(self.databases.customer, after=after)
        return self._facts

    def lose_kafka(self) -> None:
        """Empty Kafka, and restart everything that uses it, as the runbook requires."""
        self.broker.lose_everything()
        for relay_pair in self.relay_pairs:
            relay_pair.restart()
        for group in self.consumer_groups:
            group.restart()
        self._may_rewind = {0, 1}

    async def copy(self) -> Copy:
        """Copy the databases, and what is known of them."""
        await self.databases.copy()
        return Copy(list(self.attempts), list(self._facts), deepcopy(self.alert_oracle))

    async def restore(self, copied: Copy) -> None:
        """Restore the databases to a copy, delete the topics, and restart everything, as the runbook requires."""
        await self.databases.restore()
        self.attempts, self._facts = list(copied.attempts), list(copied.facts)
        self.alert_oracle = deepcopy(copied.alert_oracle)
        self._moves = [{}, {}]
        for process in self.command_processes:
            process.restart()
        self.lose_kafka()

    async def positions_move_on(self) -> None:
        """I6, checked after every step. Only the relay cursors may go back, once, after Kafka was lost."""
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

    async def cursors_are_published(self) -> None:
        """P3, checked after every step: a relay that starts publishes again what the topic lacks, and would hide it."""
        for each in self.relay_pairs:
            if each.has_compared:
                published = self.broker.ends(each.topic)
                oracle.hold(oracle.cursor_is_published(each.topic.name, await each.cursor(), published))

    def _moved(self, number: int, name: str, position: int) -> None:
        before = self._moves[number].get(name, [])[-1:]
        if name == "cursor" and number in self._may_rewind and before > [position]:
            self._may_rewind.discard(number)
            before = []
        self._moves[number][name] = [*before, position]

    async def settle(self, model: Model) -> None:
        """Finish all work, and check the result against the model and the invariants."""
        self.death.kill_at(None)
        await self.databases.pass_time(timedelta(seconds=LEASE_SECONDS + 60))
        await self.publish_all(self.relay_pairs[0])
        for number, group in enumerate(self.consumer_groups):
            group.restart()
            await self.deliver(number, 0, WITH_WATERMARKS, 0, ALL)
        await self.deliver_marks()
        await self.evaluate_alerts()
        while await self.pending_timer.run_due():
            pass
        await self.publish_all(self.relay_pairs[1])
        await self.list_projection.catch_up()
        await self._hold(model)

    async def publish_all(self, relay_pair: RelayPair) -> None:
        relay_pair.restart()
        await relay_pair.publish(0)

    async def _hold(self, model: Model) -> None:
        stored, alerts = await evidence.stored(self.databases.customer), await evidence.stored(self.databases.alerts)
        rows = await evidence.customer_list(self.databases.customer)
        # A command that changed nothing has no event.
        attempts = [each for each in self.attempts if each.reply is LOST or each.command in model.effective]
        oracle.hold(
            oracle.acknowledged_is_stored_once(attempts, stored),
            oracle.refused_has_no_effect(attempts, stored),
            oracle.store_is_in_order(stored),
            oracle.topic_is_complete(stored, self.broker.published(CUSTOMER_EVENTS)),
            oracle.topic_is_complete(alerts, self.broker.published(ALERT_EVENTS)),
            oracle.applied_once(stored, await evidence.applied(self.databases.customer)),
            oracle.same_rows("customer", evidence.folded_list(stored), rows),
            oracle.same_rows("model", model.customers, {key: as_modelled(row) for key, row in rows.items()}),
            await self.alert_oracle.differences(self.databases.alerts),
        )
        await self.positions_move_on()


def as_modelled(row: dict[str, Any]) -> dict[str, Any]:
    told = {name: row[name] for name in ("name", "stage", "industry", "version")}
    return told | {"tier": row["tiers"].get("default")}


def place_of(customer: object) -> TopicPartition:
    return PLACES[CUSTOMER_EVENTS.name][partition_of(str(customer).encode(), PARTITIONS)]


async def both(*asked: Any) -> list[Any]:
    return list(await asyncio.gather(*asked))
