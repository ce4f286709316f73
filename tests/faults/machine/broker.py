"""An in-memory broker: it keeps the records of a relay in order, until they are lost."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition

from chassis.kafka.client import PartitionStart
from chassis.kafka.cloudevents import Headers
from chassis.kafka.records import Record
from chassis.kafka.sending import Outgoing
from contracts.topics import Topic
from tests.faults.machine.process_death import ProcessDeath
from tests.faults.support import evidence
from tests.faults.support.oracle import Published

HALF_SENT = "broker.half-sent"


class Broker:
    """Replaces `send_all`, `partition_starts` and `read_last_headers`, with which a relay uses Kafka."""

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

    async def partition_starts(
        self, _bootstrap: str, topic: str, partitions: Sequence[int]
    ) -> dict[int, PartitionStart]:
        logs = {number: self._logs[TopicPartition(topic, number)] for number in partitions}
        return {number: PartitionStart(0, list(log[0].headers) if log else None) for number, log in logs.items()}

    async def read_last_headers(self, _bootstrap: str, topic: Topic, length: int) -> list[list[Headers]]:
        logs = (self._logs[TopicPartition(topic.name, number)] for number in range(topic.partitions))
        return [[list(record.headers) for record in log[-length:]] for log in logs if log]

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

    def lose_everything(self) -> None:
        self._logs.clear()
