"""Positions detect duplicates and gaps: duplicates are skipped; a gap is read again once, then it raises."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from chassis.consume.gap_detector import GAP_PATIENCE_SECONDS, FeedSetBackError, GapDetector, GapFoundError
from chassis.consume.positions import NEVER, Progress, Source
from chassis.kafka.cloudevents import encode_watermark
from chassis.kafka.records import encode
from contracts.customer import ProfileChanged
from contracts.examples import example_envelope

SOURCE = Source("feed", 0)
START = Progress(0, NEVER)
AT = datetime(2026, 1, 5, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


def record(value: bytes, headers: Sequence[tuple[str, bytes]], offset: int = 0) -> ConsumerRecord[Any, Any]:
    return ConsumerRecord(SOURCE.topic, 0, offset, 0, 0, None, value, None, 0, len(value), tuple(headers))


def fact(position: int, previous: int) -> ConsumerRecord[Any, Any]:
    envelope = example_envelope(ProfileChanged(industry="1"), position=position, recorded_at=AT)
    _, value, headers = encode(envelope, source="/care/customer", previous_position=previous)
    return record(value, headers)


def watermark(until: datetime, previous: int) -> ConsumerRecord[Any, Any]:
    return record(*encode_watermark(until, source="/care/customer", previous_position=previous))


def read(
    detector: GapDetector, start: Progress, *records: ConsumerRecord[Any, Any]
) -> tuple[list[int], Progress | None]:
    batch = detector.read(SOURCE, start, records, 0.0)
    return [delivery.position for delivery in batch.deliveries], batch.progress


def test_consecutive_records_are_new_once() -> None:
    detector = GapDetector()
    assert read(detector, START, fact(1, 0), fact(4, 1), fact(4, 1), fact(1, 0)) == ([1, 4], Progress(4, AT))
    assert not detector.has_gaps()


def test_a_record_after_a_gap_waits_for_the_missing_one() -> None:
    detector = GapDetector()
    assert read(detector, START, fact(1, 0), fact(7, 4)) == ([1], Progress(1, AT))
    assert detector.has_gaps()
    assert read(detector, Progress(1, AT), fact(4, 1), fact(7, 4)) == ([4, 7], Progress(7, AT))
    assert not detector.has_gaps()


def test_a_gap_rewinds_the_partition_once_and_then_raises() -> None:
    detector = GapDetector()
    read(detector, START, fact(7, 4))
    assert detector.partitions_to_rewind(GAP_PATIENCE_SECONDS - 0.1) == []
    assert detector.partitions_to_rewind(GAP_PATIENCE_SECONDS) == [SOURCE]
    assert detector.partitions_to_rewind(GAP_PATIENCE_SECONDS * 2 - 0.1) == []
    with pytest.raises(GapFoundError, match="feed/0 lacks the events after position 0"):
        detector.partitions_to_rewind(GAP_PATIENCE_SECONDS * 2)


def test_a_reset_gap_does_not_rewind() -> None:
    detector = GapDetector()
    read(detector, START, fact(7, 4))
    detector.reset()
    assert detector.partitions_to_rewind(GAP_PATIENCE_SECONDS) == []


def test_a_watermark_counts_only_after_its_previous_position_is_applied() -> None:
    assert read(GapDetector(), START, fact(1, 0), watermark(LATER, 1)) == ([1], Progress(1, LATER))
    assert read(GapDetector(), START, fact(1, 0), watermark(LATER, 4)) == ([1], Progress(1, AT))


def test_no_watermark_counts_after_a_gap() -> None:
    assert read(GapDetector(), START, fact(7, 4), watermark(LATER, 0)) == ([], START)


def test_a_new_watermark_with_an_older_position_reveals_a_store_set_back() -> None:
    with pytest.raises(FeedSetBackError, match="ends at position 1, but 4 is applied here"):
        read(GapDetector(), Progress(4, AT), watermark(LATER, 1))
