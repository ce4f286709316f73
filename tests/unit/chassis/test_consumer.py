"""How long a consumer lets records gather: only where nobody waits, and never while it is behind."""

from typing import Any, cast

from chassis.consume.applier import Applier
from chassis.consume.consumer import GATHER_RECORDS, Consumer
from chassis.runtime.supervisor import Health
from contracts.topics import FOLLOWUP_EVENTS


def consumer(gather_seconds: float = 0.0) -> Consumer:
    applier = cast(Applier, cast(Any, None))
    return Consumer(applier, [FOLLOWUP_EVENTS], bootstrap="", health=Health("test"), gather_seconds=gather_seconds)


def test_records_are_taken_as_they_come_unless_told_otherwise() -> None:
    assert consumer().pause_after(1) == 0


def test_few_records_let_others_gather() -> None:
    assert consumer(0.25).pause_after(GATHER_RECORDS - 1) == 0.25


def test_who_is_behind_does_not_pause() -> None:
    assert consumer(0.25).pause_after(GATHER_RECORDS) == 0
