"""The chain of positions by which a consumer proves that no record of a topic is missing (P3).

Each record names its position and the one published before it on its partition. A record at or below our position
is a duplicate and is skipped. A record whose `prevposition` lies above our position leaves a gap and is passed over: a
relay that lost a batch sends all of it again, behind. If nothing closes the gap, the partition is read again from its
start, and after that the chain stops the consumer with GapFoundError.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from aiokafka import ConsumerRecord

from chassis.consume.applier import Batch
from chassis.consume.positions import Progress, Source
from chassis.consume.record_reading import complete_until, delivery_of, headers_of, previous_of
from chassis.kafka.cloudevents import WATERMARK_TYPE

GAP_PATIENCE_SECONDS = 5.0


class GapFoundError(Exception):
    """Records are missing from a topic and reading it again from the start did not bring them."""


class FeedSetBackError(Exception):
    """The store behind a topic is behind what it has published: what it publishes next would be taken for known."""


@dataclass(slots=True)
class Gap:
    """What follows `position` has not come yet, since loop time `since`."""

    position: int
    since: float
    rewound: bool = False


class Chain:
    """Checks the records of every partition that a consumer reads. `now` is the event loop's time."""

    def __init__(self) -> None:
        self._gaps: dict[Source, Gap] = {}

    def has_gaps(self) -> bool:
        return bool(self._gaps)

    def forget(self) -> None:
        self._gaps.clear()

    def read(self, source: Source, start: Progress, records: Sequence[ConsumerRecord[Any, Any]], now: float) -> Batch:
        """Return what is new among `records` and follows `start` without a gap. Raises FeedSetBackError."""
        batch = Batch()
        position, watermark = start.position, start.watermark
        for record in records:
            headers = headers_of(record)
            if headers.get("ce_type") == WATERMARK_TYPE:
                watermark = self._watermark(source, headers, record, Progress(position, watermark), now)
                continue
            delivery = delivery_of(source, headers, record)
            if delivery.position < 0:
                batch.deliveries.append(delivery)
            elif delivery.position <= position:
                continue
            elif delivery.previous > position:
                self._miss(source, position, now)
            else:
                self._gaps.pop(source, None)
                batch.deliveries.append(delivery)
                position = delivery.position
                if delivery.envelope:
                    watermark = max(watermark, delivery.envelope.recorded_at)
        batch.progress = Progress(position, watermark)
        return batch

    def to_read_again(self, now: float) -> list[Source]:
        """Return the partitions to read again from their start. Raises GapFoundError if that did not help before."""
        overdue = {source: gap for source, gap in self._gaps.items() if now - gap.since >= GAP_PATIENCE_SECONDS}
        for source, gap in overdue.items():
            if gap.rewound:
                raise GapFoundError(f"{source.topic}/{source.partition} lacks what follows position {gap.position}")
            structlog.get_logger().warning("consumer.rewind", topic=source.topic, partition=source.partition)
            gap.since, gap.rewound = now, True
        return list(overdue)

    def _watermark(
        self, source: Source, headers: dict[str, str], record: ConsumerRecord[Any, Any], known: Progress, now: float
    ) -> datetime:
        """Return until when the feed is complete. A watermark counts only once the record that it names is here."""
        if (previous_of(headers) or 0) > known.position:
            self._miss(source, known.position, now)
            return known.watermark
        if source in self._gaps:
            return known.watermark
        return max(known.watermark, claimed_until(source, headers, record, known))

    def _miss(self, source: Source, position: int, now: float) -> None:
        self._gaps.setdefault(source, Gap(position, now))


def claimed_until(
    source: Source, headers: dict[str, str], record: ConsumerRecord[Any, Any], known: Progress
) -> datetime:
    """Return what a watermark says. Raises FeedSetBackError if it is new and names an older position than ours."""
    until, last = complete_until(record), previous_of(headers)
    if "ce_prevposition" in headers and until > known.watermark and last is not None and last < known.position:
        raise FeedSetBackError(
            f"{source.topic}/{source.partition} ends at position {last}, but {known.position} is applied here:"
            " was its store restored from an older copy? See docs/operations.md"
        )
    return until
