"""What the chain of positions proves: duplicates are skipped, and a gap is read again once and then said."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from chassis.consume.chain import GAP_PATIENCE_SECONDS, Chain, FeedSetBackError, GapFoundError
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


def read(chain: Chain, start: Progress, *records: ConsumerRecord[Any, Any]) -> tuple[list[int], Progress | None]:
    batch = chain.read(SOURCE, start, records, 0.0)
    return [delivery.position for delivery in batch.deliveries], batch.progress


def test_records_that_follow_one_another_are_new_once() -> None:
    chain = Chain()
    assert read(chain, START, fact(1, 0), fact(4, 1), fact(4, 1), fact(1, 0)) == ([1, 4], Progress(4, AT))
    assert not chain.has_gaps()


def test_what_comes_behind_a_gap_waits_for_what_is_missing() -> None:
    chain = Chain()
    assert read(chain, START, fact(1, 0), fact(7, 4)) == ([1], Progress(1, AT))
    assert chain.has_gaps()
    assert read(chain, Progress(1, AT), fact(4, 1), fact(7, 4)) == ([4, 7], Progress(7, AT))
    assert not chain.has_gaps()


def test_a_gap_is_read_again_from_the_start_once_and_then_said() -> None:
    chain = Chain()
    read(chain, START, fact(7, 4))
    assert chain.to_read_again(GAP_PATIENCE_SECONDS - 0.1) == []
    assert chain.to_read_again(GAP_PATIENCE_SECONDS) == [SOURCE]
    assert chain.to_read_again(GAP_PATIENCE_SECONDS * 2 - 0.1) == []
    with pytest.raises(GapFoundError, match="feed/0 lacks what follows position 0"):
        chain.to_read_again(GAP_PATIENCE_SECONDS * 2)


def test_a_gap_that_is_forgotten_is_not_read_again() -> None:
    chain = Chain()
    read(chain, START, fact(7, 4))
    chain.forget()
    assert chain.to_read_again(GAP_PATIENCE_SECONDS) == []


def test_a_watermark_counts_only_once_the_record_that_it_names_is_here() -> None:
    assert read(Chain(), START, fact(1, 0), watermark(LATER, 1)) == ([1], Progress(1, LATER))
    assert read(Chain(), START, fact(1, 0), watermark(LATER, 4)) == ([1], Progress(1, AT))


def test_behind_a_gap_no_watermark_counts() -> None:
    assert read(Chain(), START, fact(7, 4), watermark(LATER, 0)) == ([], START)


def test_a_new_watermark_that_names_less_than_is_applied_tells_of_a_store_set_back() -> None:
    with pytest.raises(FeedSetBackError, match="ends at position 1, but 4 is applied here"):
        read(Chain(), Progress(4, AT), watermark(LATER, 1))
