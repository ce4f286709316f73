"""Interval: the next event of a kind takes much longer than the customer's usual interval."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property
from operator import sub
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.event import Event
from contracts.field_error import FieldError
from services.alerts.engine.facts import Facts
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.rings import HEARD, MICROSECOND, RingName, latest_of, place_in_time, size_of, times
from services.alerts.engine.stretch import Beginning, Stretch
from services.alerts.engine.words import Words, length, length_zh

PERCENT = 100


class Interval(BaseModel):
    """More than `percent` of the lower median interval of `signal` since the last one, and at least `least_days`.

    The intervals of at least `at_least` events are needed. What was before a lost customer was won back does not count.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kept_in: ClassVar[str | None] = None
    at_once: ClassVar[bool] = False
    beginning: ClassVar[Beginning] = Beginning.MOVES

    of: Literal["interval"] = "interval"
    signal: RingName
    percent: Annotated[int, Field(gt=PERCENT, le=10_000)]
    at_least: Annotated[int, Field(ge=3)] = 4
    least_days: Annotated[int, Field(ge=1, le=3_650)]

    @model_validator(mode="after")
    def _check_events(self) -> Self:
        if self.at_least > (limit := size_of(self.signal)):
            raise FieldError(
                f"at most {limit} events of this kind are kept", f"此类事件最多保留 {limit} 个", "at_least"
            )
        return self

    @cached_property
    def least_after(self) -> timedelta:
        """Return how long after an event it is not due."""
        return timedelta(days=self.least_days)

    def hears(self) -> frozenset[type[Event]]:
        return HEARD[self.signal]

    def stretches(self, facts: Facts, _zone: str, _after: datetime | None = None) -> Sequence[Stretch]:
        known = times(facts.rings, self.signal)
        if len(known) < self.at_least:
            return ()
        if facts.won_back:
            since = place_in_time(facts.won_back.at)
            known = [each for each in known if each >= since]
            if len(known) < self.at_least:
                return ()
        usual = sorted(map(sub, known[1:], known))[(len(known) - 2) // 2]
        allowed = max(usual * self.percent // PERCENT * MICROSECOND, self.least_after)
        last = latest_of(facts.rings, self.signal)
        return [Stretch(last, last.at + allowed, facts.owner_id, self.signal)] if last else ()

    def ended_by(self, facts: Facts, since: datetime) -> Occurrence | None:
        """Return the latest event after the beginning."""
        last = latest_of(facts.rings, self.signal)
        return last if last and last.at > since else None

    def words(self, title: Words, stretch: Stretch, instant: datetime) -> Words:
        lasted, allowed = instant - stretch.since.at, stretch.threshold
        return Words(
            f"{title.en}: {length(lasted)} since the last one; the usual rhythm allows {length(allowed)}",
            f"{title.zh}：距上次已有 {length_zh(lasted)}，按以往节奏不应超过 {length_zh(allowed)}",
        )
