"""Topics kept in the test's own memory: what a relay hands over stands there in order, until it is lost."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition

from chassis.kafka.cloudevents import Headers
from chassis.kafka.records import Record
from chassis.kafka.sending import Outgoing
from contracts.topics import Topic
from tests.faults.machine.death import Death
from tests.faults.support import evidence
from tests.faults.support.oracle import Published

HALF_SENT = "broker.half-sent"


class Broker:
    """Takes the place of `send_all`, `end_offsets` and `read_last_headers`, by which a relay knows Kafka."""

    def __init__(self, death: Death) -> None:
        self._death = death
        self._logs: dict[TopicPartition, list[ConsumerRecord[Any, Any]]] = defaultdict(list)

    async def send_all(self, _producer: object, outgoing: Outgoing) -> None:
        """Take all; or, where the sender is to die meanwhile, the first half of each partition's."""
        dying = self._death.comes_at(HALF_SENT)
        for (topic, partition), records in outgoing.items():
            for record in records[: len(records) // 2 if dying else None]:
                self.take(TopicPartition(topic, partition), record)
        self._death.point(HALF_SENT)

    async def end_offsets(self, _bootstrap: str, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        return {number: len(self._logs[TopicPartition(topic, number)]) for number in partitions}

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
