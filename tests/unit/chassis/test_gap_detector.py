"""Positions detect duplicates and gaps: duplicates are skipped; a gap is read again once, then it raises."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from aiokafka import ConsumerRecord

from chassis.consume.gap_detector import GAP_PATIENCE_SECONDS, MAX_AHEAD, FeedSetBackError, GapDetector, GapFoundError
from chassis.consume.positions import NEVER, Progress, Source
from chassis.consume.record_reading import envelope_of
from chassis.kafka.records import Record
from contracts.customer import ProfileChanged
from contracts.examples import example_envelope
from tests.support.records import EPOCH, changed, record_of, watermark

SOURCE = Source("feed", 0)
START = Progress(0, NEVER)
AT = datetime(2026, 1, 5, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


def received(record: Record) -> ConsumerRecord[Any, Any]:
    key, value, headers = record
    return ConsumerRecord(SOURCE.topic, 0, 0, 0, 0, key, value, None, len(key), len(value or b""), tuple(headers))


def fact(position: int, previous: int, *, epoch: UUID = EPOCH, event_id: UUID | None = None) -> Any:
    envelope = example_envelope(ProfileChanged(industry="1"), position=position, recorded_at=AT)
    envelope = replace(envelope, id=event_id or UUID(int=position))
    return received(record_of(envelope, previous, epoch=epoch))


def mark(until: datetime, position: int, event_id: UUID | None = None) -> Any:
    return received(watermark(until, position, event_id=event_id))


def read(detector: GapDetector, start: Progress, *records: Any) -> tuple[list[int], tuple[int, datetime]]:
    """Return the positions of the new events, and the position and watermark after them."""
    events = [record for record in records if record.key != b"0"]
    detector.receive_watermarks(SOURCE, [record for record in records if record.key == b"0"])
    batch = detector.read(SOURCE, start, events, 0.0)
    assert batch.progress
    return [delivery.position for delivery in batch.deliveries], (batch.progress.position, batch.progress.watermark)


def test_consecutive_records_are_new_once() -> None:
    detector = GapDetector(envelope_of)
    assert read(detector, START, fact(1, 0), fact(4, 1), fact(4, 1), fact(1, 0)) == ([1, 4], (4, AT))
    assert not detector.has_gaps()


def test_a_record_after_a_gap_waits_for_the_missing_one() -> None:
    detector = GapDetector(envelope_of)
    assert read(detector, START, fact(1, 0), fact(7, 4)) == ([1], (1, AT))
    assert detector.has_gaps()
    assert read(detector, Progress(1, AT), fact(4, 1), fact(7, 4)) == ([4, 7], (7, AT))
    assert not detector.has_gaps()


def test_a_gap_rewinds_the_partition_once_and_then_raises() -> None:
    detector = GapDetector(envelope_of)
    read(detector, START, fact(7, 4))
    assert detector.overdue(GAP_PATIENCE_SECONDS - 0.1) == []
    assert detector.overdue(GAP_PATIENCE_SECONDS) == [SOURCE]
    detector.rewind(SOURCE, GAP_PATIENCE_SECONDS)
    assert detector.overdue(GAP_PATIENCE_SECONDS * 2 - 0.1) == []
    with pytest.raises(GapFoundError, match="feed/0 lacks the events after position 0"):
        detector.rewind(SOURCE, GAP_PATIENCE_SECONDS * 2)


def test_a_reset_forgets_gaps_and_watermarks() -> None:
    detector = GapDetector(envelope_of)
    read(detector, START, fact(7, 4), mark(LATER, 1))
    detector.reset()
    assert detector.overdue(GAP_PATIENCE_SECONDS) == []
    assert read(detector, START, fact(1, 0)) == ([1], (1, AT))


def test_a_watermark_counts_only_once_its_position_is_applied() -> None:
    assert read(GapDetector(envelope_of), START, fact(1, 0), mark(LATER, 1)) == ([1], (1, LATER))
    detector = GapDetector(envelope_of)
    assert read(detector, START, fact(1, 0), mark(LATER, 4)) == ([1], (1, AT))
    assert read(detector, Progress(1, AT), fact(4, 1)) == ([4], (4, LATER))


def test_a_watermark_ahead_of_the_events_is_a_gap_that_may_only_be_late() -> None:
    detector = GapDetector(envelope_of)
    read(detector, START, fact(1, 0), mark(LATER, 4))
    assert detector.overdue(GAP_PATIENCE_SECONDS) == [SOURCE]
    assert detector.is_late(SOURCE)
    detector.wait_longer(SOURCE, GAP_PATIENCE_SECONDS)
    assert detector.overdue(GAP_PATIENCE_SECONDS + 0.1) == []
    read(detector, Progress(1, AT), fact(7, 4))
    assert not detector.is_late(SOURCE)


def test_a_later_watermark_closes_a_gap_that_only_a_watermark_has_shown() -> None:
    detector = GapDetector(envelope_of)
    read(detector, START, fact(1, 0), mark(LATER, 10**15))
    assert detector.has_gaps()
    assert read(detector, Progress(1, AT), mark(LATER, 1)) == ([], (1, LATER))
    assert not detector.has_gaps()


def test_no_watermark_counts_after_a_gap() -> None:
    assert read(GapDetector(envelope_of), START, fact(7, 4), mark(LATER, 0)) == ([], (0, NEVER))


def test_a_watermark_that_is_older_than_the_events_changes_nothing() -> None:
    assert read(GapDetector(envelope_of), START, fact(1, 0), fact(4, 1), mark(AT, 1)) == ([1, 4], (4, AT))


def test_a_new_watermark_with_an_older_position_reveals_a_store_set_back() -> None:
    with pytest.raises(FeedSetBackError, match="ends at position 1, but 4 is applied here"):
        read(GapDetector(envelope_of), Progress(4, AT), mark(LATER, 1))


def test_62_another_epoch_reveals_a_restored_store() -> None:
    other = UUID(int=77)
    with pytest.raises(FeedSetBackError, match=f"is in epoch {other} instead of {EPOCH}, but 4 is applied here"):
        read(GapDetector(envelope_of), Progress(4, AT, EPOCH), fact(7, 4, epoch=other))
    with pytest.raises(FeedSetBackError, match="is in epoch"):
        read(GapDetector(envelope_of), Progress(4, AT, other), mark(LATER, 4))


def test_62_another_event_at_the_last_position_reveals_a_restored_store() -> None:
    known = Progress(4, AT, EPOCH, UUID(int=4))
    assert read(GapDetector(envelope_of), known, fact(4, 1), fact(7, 4)) == ([7], (7, AT))
    with pytest.raises(FeedSetBackError, match="holds another event at position 4, but 4 is applied here"):
        read(GapDetector(envelope_of), known, fact(4, 1, event_id=UUID(int=99)))
    with pytest.raises(FeedSetBackError, match="holds another event at position 4"):
        read(GapDetector(envelope_of), known, mark(LATER, 4, UUID(int=99)))


def test_62_an_event_that_follows_an_earlier_one_than_the_last_reveals_a_restored_store() -> None:
    with pytest.raises(FeedSetBackError, match="continues after position 2, but 4 is applied here"):
        read(GapDetector(envelope_of), Progress(4, AT), fact(7, 2))


def test_a_watermark_of_the_future_does_not_count() -> None:
    far = datetime.now(UTC) + MAX_AHEAD + timedelta(minutes=1)
    assert read(GapDetector(envelope_of), START, fact(1, 0), mark(far, 1)) == ([1], (1, AT))
    near = datetime.now(UTC) + MAX_AHEAD / 2
    assert read(GapDetector(envelope_of), START, fact(1, 0), mark(near, 1)) == ([1], (1, near))


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+12:00"])
def test_an_event_with_an_impossible_time_moves_no_watermark(time: str) -> None:
    key, value, headers = record_of(example_envelope(ProfileChanged(industry="1"), position=1, recorded_at=AT), 0)
    forged = received((key, changed(value, recordedtime=time), headers))
    assert read(GapDetector(envelope_of), START, forged) == ([1], (1, NEVER))
