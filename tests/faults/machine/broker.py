"""An in-memory broker: it keeps the records of a relay in order, until they are lost."""

from collections import defaultdict
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition

from chassis.kafka.records import Record
from chassis.kafka.sending import Outgoing
from contracts.topics import Topic
from tests.faults.machine.process_death import ProcessDeath
from tests.faults.support import evidence
from tests.faults.support.oracle import Published

HALF_SENT = "broker.half-sent"
# More than relays send once more in a sequence.
REPEATED = 500


class Broker:
    """Replaces `send_all` and `read_last`, with which a relay uses Kafka."""

    def __init__(self, death: ProcessDeath) -> None:
        self._death = death
        self._logs: dict[TopicPartition, list[ConsumerRecord[Any, Any]]] = defaultdict(list)

    async def send_all(self, _producer: object, outgoing: Outgoing) -> None:
        """Store all records; or only the first half of each partition's, if the sender is to die meanwhile."""
        dying = self._death.kills_at(HALF_SENT)
        for (topic, partition), records in outgoing.items():
            for record in records[: len(records) // 2 if dying else None]:
                self.take(TopicPartition(topic, partition), record)
        self._death.point(HALF_SENT)

    async def read_last(self, _bootstrap: str, topic: Topic, length: int) -> dict[int, list[ConsumerRecord[Any, Any]]]:
        logs = {number: self._logs[TopicPartition(topic.name, number)] for number in range(topic.partitions)}
        return {number: log[-length:] for number, log in logs.items()}

    def take(self, place: TopicPartition, record: Record) -> None:
        key, value, headers = record
        log = self._logs[place]
        sizes = len(key), len(value or b"")
        log.append(ConsumerRecord(*place, len(log), 0, 0, key or None, value, None, *sizes, tuple(headers)))

    def read(self, place: TopicPartition, start: int, count: int) -> list[ConsumerRecord[Any, Any]]:
        return self._logs[place][start : start + count]

    def published(self, topic: Topic) -> list[Published]:
        logs = (self._logs[TopicPartition(topic.name, number)] for number in range(topic.partitions))
        return evidence.events_among(record for log in logs for record in log)

    def ends(self, topic: Topic) -> dict[int, int]:
        """Return the highest position on each partition that has one.

        The last record may have a lower one: a relay that has lost its lease sends some once more before it notices.
        """
        logs = (self._logs[TopicPartition(topic.name, number)] for number in range(topic.partitions))
        found = [each for log in logs if log for each in evidence.events_among(log[-REPEATED:])]
        return {each.partition: each.position for each in sorted(found, key=lambda each: each.position)}

    def lose_everything(self) -> None:
        self._logs.clear()
