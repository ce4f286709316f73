"""The memory as a read model (P6): made again from the fact log, and from the alerts in the own store."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from chassis.consume.fact_log.model import append
from chassis.consume.rebuild import RebuildFailedError
from chassis.kafka.client import partition_of
from chassis.postgres.database import Connection
from contracts.alerts import AlertEvent
from contracts.event import Envelope
from contracts.topics import PARTITIONS
from services.alerts.detection import pending_changes
from services.alerts.detection.derivation import FACTS, Derivation, envelope_of, evaluated
from services.alerts.detection.detector import Detector
from services.alerts.detection.received import TOPICS, Received, envelopes_of

TABLES: Final = ("fact", "silence", "silence_item", "customer_holders")
FILLED: Final = ("fact",)
# The live tables are locked while these events are evaluated.
MAX_AHEAD: Final = 1_000
# The partitions in which the copy has applied more than the live consumer.
AHEAD = """
    SELECT copy.topic, copy.partition, live.position AS after, copy.position AS until FROM consumer_position copy
    JOIN consumer_position live USING (topic, partition)
    WHERE live.consumer = $1 AND copy.consumer = $2 AND topic = ANY($3) AND copy.position > live.position
"""
BETWEEN = f"{FACTS} WHERE feed = $1 AND position > $2 AND position <= $3 ORDER BY position"
# They have evaluated the customers in the tables that a switch has dropped.
FORGET_SWEEPS_OF_OTHERS = "DELETE FROM rule_sweep WHERE book <> $1"


class MemoryModel:
    """The methods of a ReadModel. They write the memory and, but for `switched`, append no alert event."""

    def __init__(self, detector: Detector, derivation: Derivation) -> None:
        self._detector = detector
        self._derivation = derivation
        self._derived_under = ""

    async def fill(self, events: Sequence[Received | Envelope[Any]], held: Connection) -> None:
        """Append the facts. Events of the own store are read by `derive`."""
        await append([each.fact for each in events if isinstance(each, Received)], held)

    async def derive(self, held: Connection) -> None:
        self._derived_under = (await self._derivation.derive_all(held)).fingerprint

    async def update(self, events: Sequence[Received | Envelope[Any]], held: Connection) -> None:
        """Append the facts and fold their events; open and close episodes as the events of the own store say."""
        received = [each for each in events if isinstance(each, Received)]
        await self.fill(received, held)
        await self._detector.fold(envelopes_of(received), held)
        await self._detector.follow(
            [each for each in events if isinstance(each, Envelope) and isinstance(each.event, AlertEvent)], held
        )

    async def switched(self, held: Connection, live: str, copy: str) -> None:
        """Let the detector evaluate the events that only the copy has received, so that they end alerts.

        If other rules are in force than those of `derive`, all customers are swept again.
        """
        await held.execute(FORGET_SWEEPS_OF_OTHERS, self._derived_under)
        facts = await facts_ahead(held, live, copy)
        if len(facts) > MAX_AHEAD:
            raise RebuildFailedError(f"the live consumer is {len(facts)} events behind: let it catch up first")
        # The copy has followed the events of the own store, and no stored changes.
        customers = {fact["customer_id"] for fact in facts} | await pending_changes.customers(held)
        if customers:
            await self._derivation.derive(held, customers, {(fact["feed"], fact["position"]) for fact in facts})
        if facts:
            await self._detector.evaluate([envelope_of(fact) for fact in facts if evaluated(fact)], held)


async def facts_ahead(held: Connection, live: str, copy: str) -> list[Record]:
    """Return the facts that the copy has received, and the live consumer has not."""
    ranges: dict[str, dict[int, Record]] = defaultdict(dict)
    for row in await held.fetch(AHEAD, live, copy, [topic.name for topic in TOPICS]):
        ranges[row["topic"]][row["partition"]] = row
    found = []
    for topic in TOPICS:
        if own := ranges[topic.name]:
            first, last = min(row["after"] for row in own.values()), max(row["until"] for row in own.values())
            rows = await held.fetch(BETWEEN, topic.owner, first, last)
            found += [row for row in rows if is_between(row, own.get(partition(row["customer_id"])))]
    return found


def is_between(fact: Record, applied: Record | None) -> bool:
    return applied is not None and applied["after"] < fact["position"] <= applied["until"]


def partition(customer_id: UUID) -> int:
    return partition_of(str(customer_id).encode(), PARTITIONS)
