"""Detects missing and duplicate records on a partition by their positions (P3).

Each record contains its own position and the previous position on its partition. With P the last position applied here:
- position <= P: a duplicate, skipped.
- previous position > P: records are missing (a gap). The record is skipped, because the relay sends lost records again
  and all later ones after them. If the gap stays open for GAP_PATIENCE_SECONDS, the partition is read again from its
  beginning; if that does not close it, GapFoundError stops the consumer.
- previous position < P: the store has other events than those applied here. FeedSetBackError stops the consumer.
- otherwise the record is the next one and is applied.
A watermark counts once its position is applied. Watermarks have their own topic, so they may arrive before the events.

Guarantee: no event is applied twice, and none is applied while an earlier one of its partition is missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from aiokafka import ConsumerRecord

from chassis.consume.applier import Batch
from chassis.consume.positions import NEVER, Progress, Source
from chassis.consume.record_reading import Decode, delivery_of, epoch_of, recorded_at, uuid_or_none, watermark_of
from chassis.kafka.cloudevents import read
from chassis.runtime.clock import utc_now
from contracts.watermark import Watermark

GAP_PATIENCE_SECONDS = 5.0
# The clock of a store may be ahead by as much (ADR 0029).
MAX_AHEAD = timedelta(seconds=60)


class GapFoundError(Exception):
    """Records of a topic are missing, and reading it again from the beginning did not find them."""


class FeedSetBackError(Exception):
    """The store of a topic has lost events that are applied here: its next events would be skipped as duplicates."""


@dataclass(slots=True)
class Gap:
    """The record after `position` is missing since the event loop's time `since`.

    `by_watermark`: no later record has been received, only a watermark.
    """

    position: int
    since: float
    by_watermark: bool
    rewound: bool = False


class GapDetector:
    """Finds duplicates and gaps on all partitions of a consumer. `now` is the event loop's time."""

    def __init__(self, decode: Decode) -> None:
        self._decode = decode
        self._gaps: dict[Source, Gap] = {}
        self._watermarks: dict[Source, tuple[str, Watermark]] = {}

    def has_gaps(self) -> bool:
        return bool(self._gaps)

    def reset(self) -> None:
        self._gaps.clear()
        self._watermarks.clear()

    def receive_watermarks(self, source: Source, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
        """Keep the last watermark of a partition until its position is applied."""
        for record in records:
            if found := watermark_of(record):
                self._watermarks[source] = found

    def read(self, source: Source, start: Progress, records: Sequence[ConsumerRecord[Any, Any]], now: float) -> Batch:
        """Return the records that follow `start` without a gap, and the new progress. Raises FeedSetBackError."""
        batch = Batch()
        progress, latest = start, latest_time()
        for record in records:
            event = read(record.headers, record.value)
            delivery = delivery_of(source, event, record, self._decode)
            if delivery.position < 0:
                batch.deliveries.append(delivery)
                continue
            reached = Progress(
                delivery.position,
                max(progress.watermark, not_after(latest, recorded_at(event))),
                epoch_of(event.epoch),
                uuid_or_none(event.id),
            )
            check_same_store(source, progress, reached)
            if delivery.position <= progress.position:
                continue
            if delivery.previous > progress.position:
                self._gaps.setdefault(source, Gap(progress.position, now, by_watermark=False)).by_watermark = False
                continue
            check_predecessor(source, progress, delivery.previous)
            self._gaps.pop(source, None)
            batch.deliveries.append(delivery)
            progress = reached
        batch.progress = self._with_watermark(source, progress, now)
        return batch

    def overdue(self, now: float) -> list[Source]:
        """Return the partitions whose gap has been open for GAP_PATIENCE_SECONDS."""
        return [source for source, gap in self._gaps.items() if now - gap.since >= GAP_PATIENCE_SECONDS]

    def is_late(self, source: Source) -> bool:
        """Return whether only a watermark shows the gap: then the missing record may not have been read yet."""
        return self._gaps[source].by_watermark

    def wait_longer(self, source: Source, now: float) -> None:
        self._gaps[source].since = now

    def rewind(self, source: Source, now: float) -> None:
        """Note that the partition is read again from the beginning. Raises GapFoundError if it was before."""
        gap = self._gaps[source]
        if gap.rewound:
            raise GapFoundError(f"{source.topic}/{source.partition} lacks the events after position {gap.position}")
        structlog.get_logger().warning("consumer.rewind", topic=source.topic, partition=source.partition)
        gap.since, gap.rewound = now, True

    def _with_watermark(self, source: Source, progress: Progress, now: float) -> Progress:
        """Return the progress with the last received watermark, if its position is applied and no record is missing."""
        epoch, mark = self._watermarks.get(source, ("", None))
        if mark is None:
            return progress
        if mark.position > progress.position:
            self._gaps.setdefault(source, Gap(progress.position, now, by_watermark=True))
            return progress
        if gap := self._gaps.get(source):
            if not gap.by_watermark:
                return progress
            # An earlier watermark named a position that does not exist; this one is newer, and its position is applied.
            del self._gaps[source]
        check_same_store(source, progress, Progress(mark.position, progress.watermark, epoch_of(epoch), mark.event_id))
        complete_until = not_after(latest_time(), mark.complete_until)
        if mark.position < progress.position and complete_until > progress.watermark:
            raise set_back(source, f"ends at position {mark.position}", progress)
        return progress._replace(watermark=max(progress.watermark, complete_until))


def latest_time() -> datetime:
    """Return the latest time that a store can have recorded by now."""
    return utc_now() + MAX_AHEAD


def not_after(latest: datetime, until: datetime) -> datetime:
    """Return NEVER for a time that no store can have recorded yet: it would hide every later silence of the feed."""
    return until if until <= latest else NEVER


def check_same_store(source: Source, known: Progress, received: Progress) -> None:
    """Raise FeedSetBackError if a record is from another epoch, or is another event at the position applied last."""
    if known.epoch and received.epoch and known.epoch != received.epoch:
        raise set_back(source, f"is in epoch {received.epoch} instead of {known.epoch}", known)
    same_position = known.position == received.position > 0
    if same_position and known.event_id and received.event_id and known.event_id != received.event_id:
        raise set_back(source, f"holds another event at position {received.position}", known)


def check_predecessor(source: Source, known: Progress, previous: int) -> None:
    """Raise FeedSetBackError if the next record does not follow the one applied last, but an earlier one."""
    if previous < known.position:
        raise set_back(source, f"continues after position {previous}", known)


def set_back(source: Source, fault: str, known: Progress) -> FeedSetBackError:
    return FeedSetBackError(
        f"{source.topic}/{source.partition} {fault}, but {known.position} is applied here:"
        " was a store restored from an older backup? See docs/operations.md"
    )
