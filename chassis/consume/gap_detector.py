"""Detects missing and duplicate records on a partition by their positions (P3).

Each record contains its position and the previous position on its partition. With P the last position applied here:
- position <= P: a duplicate, skipped.
- previous position > P: records are missing (a gap). The record is skipped, because the relay sends lost records again
  and all later ones after them. If the gap stays open for GAP_PATIENCE_SECONDS, the partition is read again from its
  beginning; if that does not close it, GapFoundError stops the consumer.
- otherwise the record is the next one and is applied.

Guarantee: no event is applied twice, and none is applied while an earlier one of its partition is missing.
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
    """Records of a topic are missing, and reading it again from the beginning did not find them."""


class FeedSetBackError(Exception):
    """The store of a topic has lost events that it had published: its next events would be skipped as duplicates."""


@dataclass(slots=True)
class Gap:
    """The record after `position` is missing since the event loop's time `since`."""

    position: int
    since: float
    rewound: bool = False


class GapDetector:
    """Finds duplicates and gaps on all partitions of a consumer. `now` is the event loop's time."""

    def __init__(self) -> None:
        self._gaps: dict[Source, Gap] = {}

    def has_gaps(self) -> bool:
        return bool(self._gaps)

    def reset(self) -> None:
        self._gaps.clear()

    def read(self, source: Source, start: Progress, records: Sequence[ConsumerRecord[Any, Any]], now: float) -> Batch:
        """Return the records that follow `start` without a gap, and the new progress. Raises FeedSetBackError."""
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
                self._record_gap(source, position, now)
            else:
                self._gaps.pop(source, None)
                batch.deliveries.append(delivery)
                position = delivery.position
                if delivery.envelope:
                    watermark = max(watermark, delivery.envelope.recorded_at)
        batch.progress = Progress(position, watermark)
        return batch

    def partitions_to_rewind(self, now: float) -> list[Source]:
        """Return the partitions to read again from the beginning. Raises GapFoundError if one was rewound before."""
        overdue = {source: gap for source, gap in self._gaps.items() if now - gap.since >= GAP_PATIENCE_SECONDS}
        for source, gap in overdue.items():
            if gap.rewound:
                raise GapFoundError(f"{source.topic}/{source.partition} lacks the events after position {gap.position}")
            structlog.get_logger().warning("consumer.rewind", topic=source.topic, partition=source.partition)
            gap.since, gap.rewound = now, True
        return list(overdue)

    def _watermark(
        self, source: Source, headers: dict[str, str], record: ConsumerRecord[Any, Any], known: Progress, now: float
    ) -> datetime:
        """Return the new watermark. A watermark record counts only if its previous position is applied."""
        if (previous_of(headers) or 0) > known.position:
            self._record_gap(source, known.position, now)
            return known.watermark
        if source in self._gaps:
            return known.watermark
        return max(known.watermark, watermark_time(source, headers, record, known))

    def _record_gap(self, source: Source, position: int, now: float) -> None:
        self._gaps.setdefault(source, Gap(position, now))


def watermark_time(
    source: Source, headers: dict[str, str], record: ConsumerRecord[Any, Any], known: Progress
) -> datetime:
    """Return the time of a watermark. Raises FeedSetBackError if it is new and its position is older than ours."""
    until, last = complete_until(record), previous_of(headers)
    if "ce_prevposition" in headers and until > known.watermark and last is not None and last < known.position:
        raise FeedSetBackError(
            f"{source.topic}/{source.partition} ends at position {last}, but {known.position} is applied here:"
            " was its store restored from an older backup? See docs/operations.md"
        )
    return until
