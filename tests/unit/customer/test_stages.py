"""When a customer entered and left each stage."""

from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.customer import Registered, Stage, StageChanged, TierChanged
from contracts.event import Envelope, Event
from contracts.examples import example, example_envelope
from services.customer.queries.stages import stays_of

START = datetime(2024, 1, 1, tzinfo=UTC)


def on(day: int, event: Event) -> Envelope[Any]:
    return example_envelope(event, occurred_at=START + timedelta(days=day))


def entered(stage: Stage, reason: str | None = None) -> StageChanged:
    return StageChanged(previous=Stage.NEW, stage=stage, reason=reason)


def test_each_stay_has_its_entry_its_exit_and_its_days() -> None:
    told = [on(0, example(Registered)), on(1, example(TierChanged)), on(10, entered(Stage.INTERESTED))]
    stays = stays_of(told, START + timedelta(days=15)).items
    assert [(stay.stage, stay.days) for stay in stays] == [(Stage.NEW, 10), (Stage.INTERESTED, 5)]
    assert (stays[0].left_at, stays[1].left_at) == (stays[1].entered_at, None)


def test_win_backs_are_counted() -> None:
    lost, back = entered(Stage.LOST, "price"), entered(Stage.INTERESTED, "won-back")
    told = [on(0, example(Registered)), *(on(day, step) for day, step in enumerate([lost, back, lost, back], 1))]
    assert stays_of(told, START + timedelta(days=9)).win_backs == 2


def test_an_exit_that_was_recorded_late_gives_no_negative_days() -> None:
    told = [on(5, example(Registered)), on(3, entered(Stage.INTERESTED))]
    assert [stay.days for stay in stays_of(told, START + timedelta(days=5)).items] == [0, 2]


def test_without_events_there_are_no_stays() -> None:
    assert stays_of([], START).items == []
