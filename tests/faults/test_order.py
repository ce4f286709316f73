"""R29: records arrive late, reordered, twice or never; the applied events are always a prefix of the log, in order."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from chassis.consume import gap_detector
from chassis.consume.applier import Batch
from chassis.consume.consumer import Consumer
from chassis.consume.positions import NEVER, PositionMovedError, Progress, Source
from chassis.consume.record_reading import Decode, envelope_of
from chassis.kafka.records import Record
from chassis.runtime.supervisor import Health
from contracts.customer import ProfileChanged
from contracts.event import Envelope
from contracts.examples import CUSTOMER_ID, example_envelope
from contracts.topics import CUSTOMER_EVENTS, watermarks_of
from tests.support.records import record_of, watermark

PLACE = TopicPartition(CUSTOMER_EVENTS.name, 0)
WATERMARKS = TopicPartition(watermarks_of(CUSTOMER_EVENTS).name, 0)
SOURCE = Source(CUSTOMER_EVENTS.name, 0)
START = datetime(2026, 1, 5, tzinfo=UTC)
CUSTOMERS = [uuid5(CUSTOMER_ID, str(number)) for number in range(3)]
EVENTS = 12

Log = list[ConsumerRecord[Any, Any]]


@dataclass
class Memory:
    """An applier without a database, with the same condition on the position."""

    name: str = "memory"
    pool: None = None
    decode: Decode = envelope_of
    known: Progress = field(default_factory=lambda: Progress(0, NEVER))
    applied: list[int] = field(default_factory=list)

    async def progress(self, _source: Source) -> Progress:
        return self.known

    async def apply(self, batches: Mapping[Source, tuple[Progress, Batch]]) -> dict[Source, Progress]:
        ((start, batch),) = batches.values()
        if start.position != self.known.position:
            raise PositionMovedError
        self.applied += [delivery.position for delivery in batch.deliveries]
        reached = batch.progress or start
        self.known = reached._replace(watermark=max(reached.watermark, self.known.watermark))
        return {SOURCE: self.known}


def at(position: int) -> datetime:
    return START + timedelta(minutes=position)


def fact(position: int, subject: UUID) -> Envelope[Any]:
    event = ProfileChanged(industry=f"行业{position}")
    return example_envelope(
        event, subject=subject, position=position, occurred_at=at(position), recorded_at=at(position)
    )


def log_of(*, blind: bool = False) -> Log:
    """Return a partition and its watermarks as the relay writes them. If `blind`, records have no previous position."""
    log: Log = []
    # Other partitions take positions too, so those of one partition are not adjacent.
    for number in range(EVENTS):
        position, previous = 3 * number + 1, 0 if blind or number == 0 else 3 * number - 2
        envelope = fact(position, CUSTOMERS[number % len(CUSTOMERS)])
        log.append(received(PLACE, len(log), record_of(envelope, previous)))
        if number % 4 == 3:
            log.append(received(WATERMARKS, len(log), watermark(at(position + 1), position)))
    return log


def received(place: TopicPartition, offset: int, record: Record) -> ConsumerRecord[Any, Any]:
    key, value, headers = record
    return ConsumerRecord(*place, offset, 0, 0, key, value, None, len(key), len(value or b""), tuple(headers))


LENGTH = len(log_of())
SCHEDULES = st.lists(
    st.one_of(
        st.lists(st.integers(0, LENGTH - 1), max_size=8),
        st.integers(0, LENGTH - 1).flatmap(lambda start: st.just(list(range(start, min(LENGTH, start + 6))))),
        st.just("restart"),
    ),
    max_size=10,
)


async def deliver(log: Log, schedule: Sequence[Any]) -> list[str]:
    """Deliver in the order of the schedule, then everything once more; return a sentence for each violation."""
    memory = Memory()
    wrong: list[str] = []
    everything = [3 * number + 1 for number in range(EVENTS)]
    consumer = new_consumer(memory)
    for step in [*schedule, "restart", list(range(len(log)))]:
        if step == "restart":
            consumer = new_consumer(memory)
            continue
        await consumer.apply(by_place([log[index] for index in step]))
        await consumer.finish()
        if memory.applied != everything[: len(memory.applied)]:
            wrong.append(f"I3: applied {memory.applied}")
        late = [each for each in everything if at(each) < memory.known.watermark and each not in memory.applied]
        if late:
            wrong.append(f"P5: complete until {memory.known.watermark}, but {late} are missing")
    return wrong if memory.applied == everything else [*wrong, f"I3: ended with {memory.applied}"]


def by_place(records: Log) -> dict[TopicPartition, Log]:
    places = {TopicPartition(record.topic, 0) for record in records}
    return {place: [record for record in records if record.topic == place.topic] for place in places}


def new_consumer(memory: Memory) -> Consumer:
    applier: Any = memory
    return Consumer(applier, [CUSTOMER_EVENTS], bootstrap="nowhere", health=Health("consumer"))


QUICK = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
LONG = settings(QUICK, max_examples=5_000)


@QUICK
@given(schedule=SCHEDULES)
def test_r29_every_order_of_delivery_has_the_same_result(schedule: list[Any]) -> None:
    assert asyncio.run(deliver(log_of(), schedule)) == []


@pytest.mark.nightly
@LONG
@given(schedule=SCHEDULES)
def test_r29_every_order_of_delivery_has_the_same_result_at_length(schedule: list[Any]) -> None:
    assert asyncio.run(deliver(log_of(), schedule)) == []


def test_r29_without_previous_positions_a_wrong_order_is_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gap_detector, "check_predecessor", lambda *_: None)
    found = find(SCHEDULES, lambda schedule: bool(asyncio.run(deliver(log_of(blind=True), schedule))))
    assert asyncio.run(deliver(log_of(blind=True), found))
    assert asyncio.run(deliver(log_of(), found)) == []


def test_r29_lost_records_at_the_end_are_not_taken_for_silence() -> None:
    last_watermark = LENGTH - 1
    assert asyncio.run(deliver(log_of(), [[last_watermark]])) == []
