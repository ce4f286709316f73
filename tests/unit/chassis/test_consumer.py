"""A consumer pauses after a small fetch only if configured, and never while it is behind."""

from typing import Any, cast

from chassis.consume.applier import Applier
from chassis.consume.consumer import GATHER_RECORDS, Consumer
from chassis.runtime.supervisor import Health
from contracts.topics import FOLLOWUP_EVENTS


def consumer(gather_seconds: float = 0.0) -> Consumer:
    applier = cast(Applier, cast(Any, None))
    return Consumer(applier, [FOLLOWUP_EVENTS], bootstrap="", health=Health("test"), gather_seconds=gather_seconds)


def test_by_default_there_is_no_pause() -> None:
    assert consumer().pause_after(1) == 0


def test_after_few_records_there_is_a_pause() -> None:
    assert consumer(0.25).pause_after(GATHER_RECORDS - 1) == 0.25


def test_a_consumer_that_is_behind_does_not_pause() -> None:
    assert consumer(0.25).pause_after(GATHER_RECORDS) == 0
