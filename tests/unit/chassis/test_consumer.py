"""When a consumer pauses after a fetch, and how often it commits offsets."""

from typing import Any, cast

from aiokafka import TopicPartition

from chassis.consume.applier import Applier
from chassis.consume.consumer import COMMIT_SECONDS, GATHER_RECORDS, IDLE_COMMIT_SECONDS, Consumer
from chassis.runtime.supervisor import Health
from contracts.topics import FOLLOWUP_EVENTS, watermarks_of


def consumer(gather_seconds: float = 0.0) -> Consumer:
    applier = Applier("test", cast(Any, None), cast(Any, None))
    return Consumer(applier, [FOLLOWUP_EVENTS], bootstrap="", health=Health("test"), gather_seconds=gather_seconds)


def test_by_default_there_is_no_pause() -> None:
    assert consumer().pause_after(1) == 0


def test_after_few_records_there_is_a_pause() -> None:
    assert consumer(0.25).pause_after(GATHER_RECORDS - 1) == 0.25


def test_a_consumer_that_is_behind_does_not_pause() -> None:
    assert consumer(0.25).pause_after(GATHER_RECORDS) == 0


def test_offsets_are_committed_less_often_while_only_watermarks_arrive() -> None:
    events = TopicPartition(FOLLOWUP_EVENTS.name, 0)
    watermarks = TopicPartition(watermarks_of(FOLLOWUP_EVENTS).name, 0)
    assert consumer().commit_pause({watermarks: []}) == IDLE_COMMIT_SECONDS
    assert consumer().commit_pause({watermarks: [], events: []}) == COMMIT_SECONDS
    assert COMMIT_SECONDS < IDLE_COMMIT_SECONDS
