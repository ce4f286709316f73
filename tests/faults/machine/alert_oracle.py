"""The expected alerts: feeds the oracle with the events that were applied, and compares its alerts with the store."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chassis.kafka.client import partition_of
from chassis.postgres.database import Pool
from contracts.event import Envelope
from contracts.topics import CUSTOMER_EVENTS, PARTITIONS
from services.alerts.detection.detector import CONSUMER, FEEDS
from tests.faults.support import evidence
from tests.silence.delivery import in_order
from tests.silence.engines import said
from tests.support.oracle_of_silence import Oracle, Said
from tests.support.rule_books import THREE_RULES

POSITIONS = "SELECT topic, partition, position, watermark FROM consumer_position WHERE consumer = $1"
Facts = Sequence[Envelope[Any]]


class AlertOracle:
    """One oracle for each partition, because each partition has its own watermark."""

    def __init__(self) -> None:
        self._oracles = [Oracle(THREE_RULES) for _ in range(PARTITIONS)]
        self._applied_position = [0] * PARTITIONS

    async def receive(self, alerts: Pool, facts: Facts, now: datetime) -> None:
        """Pass the events that were applied since the last call to the oracles."""
        for row in await alerts.fetch(POSITIONS, CONSUMER):
            number = row["partition"]
            if row["topic"] == CUSTOMER_EVENTS.name and row["position"] > self._applied_position[number]:
                for fact in of_partition(facts, number):
                    if self._applied_position[number] < fact.position <= row["position"]:
                        self._oracles[number].hear(fact, now)
                self._applied_position[number] = row["position"]

    async def evaluate(self, alerts: Pool, facts: Facts, now: datetime) -> list[str]:
        """Evaluate partitions with watermarks of both feeds; return a sentence for each wrong watermark (P5)."""
        marks: dict[int, list[datetime]] = defaultdict(list)
        wrong = []
        for row in await alerts.fetch(POSITIONS, CONSUMER):
            number, until = row["partition"], row["watermark"]
            marks[number].append(until)
            if row["topic"] == CUSTOMER_EVENTS.name:
                missing = [fact for fact in of_partition(facts, number) if fact.position > row["position"]]
                wrong += [f"P5: {fact.position} is missing" for fact in missing if fact.recorded_at < until]
        for number, untils in marks.items():
            if len(untils) == len(FEEDS):
                self._oracles[number].look(min(now, *untils))
        return wrong

    async def differences(self, alerts: Pool) -> list[str]:
        """I5. Return the differences between the store of alerts and the oracles."""
        told = in_order([said(fact.event, fact.subject) for fact in await evidence.stored(alerts)])
        expected: list[Said] = in_order([each for oracle in self._oracles for each in oracle.said])
        return [] if told == expected else [f"I5: stored was {told}, expected {expected}"]


def of_partition(facts: Facts, number: int) -> Facts:
    return [fact for fact in facts if partition_of(str(fact.subject).encode(), PARTITIONS) == number]
