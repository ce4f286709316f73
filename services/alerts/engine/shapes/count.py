"""Count: something has happened so many times within so many days. It is over when it is fewer again."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from operator import sub
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.alerts import Unit
from contracts.customer import Mode
from contracts.event import Event
from contracts.field_error import FieldError
from contracts.types import Clean
from services.alerts.engine.facts import Facts, Failed
from services.alerts.engine.features import Feature, check, feature_of
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.rings import (
    HEARD,
    MICROSECOND,
    RingName,
    latest_of,
    nth_latest,
    place_in_time,
    size_of,
    time_of,
    times,
)
from services.alerts.engine.stretch import Beginning, Measure, Stretch
from services.alerts.engine.unmet import Unmet, with_history_in
from services.alerts.engine.words import Words, scope, scope_zh

MAX_DAYS = 366
MAX_EXPRESSION = 1_000
ALL_MODES = (Mode.FOLLOW_UP, Mode.MAINTENANCE)
DAY = timedelta(days=1) // MICROSECOND


class Count(BaseModel):
    """At least `times` of `signal` within `days`, for customers in one of `modes`.

    `counts` is an expression in CEL over the fields of an event: only events for which it is true count.

    The window is half-open: an event counts until `days` after it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kept_in: ClassVar[str | None] = None
    at_once: ClassVar[bool] = True
    is_of_items: ClassVar[bool] = False
    beginning: ClassVar[Beginning] = Beginning.KEPT

    shape: Literal["count"] = "count"
    signal: RingName
    times: Annotated[int, Field(ge=1)]
    days: Annotated[int, Field(ge=1, le=MAX_DAYS)]
    counts: Annotated[str, Field(min_length=1, max_length=MAX_EXPRESSION), Clean] | None = None
    modes: Annotated[tuple[Mode, ...], Field(min_length=1, max_length=len(Mode))] = ALL_MODES

    @model_validator(mode="after")
    def _check_times(self) -> Self:
        if self.times > (limit := size_of(self.signal)):
            raise FieldError(f"at most {limit} events of this kind are kept", f"此类事件最多保留 {limit} 个", "times")
        return self

    @model_validator(mode="after")
    def _check_counts(self) -> Self:
        if self.counts is not None:
            check(self.signal, self.counts, "counts")
        return self

    @cached_property
    def feature(self) -> Feature | None:
        """Return what is counted, unless that is every event of the signal."""
        return feature_of(self.signal, self.counts) if self.counts else None

    @cached_property
    def ring(self) -> str:
        """Return the name of the ring of what is counted."""
        return self.feature.name if self.feature else self.signal

    def hears(self) -> frozenset[type[Event]]:
        return HEARD[self.signal]

    def stretches(self, facts: Facts, _zone: str, after: datetime | None = None) -> Sequence[Stretch]:
        """Return each time in which the count was reached without a break, as far as the ring reaches back.

        Those that were over at `after` are left out.
        """
        span, window = self.times - 1, self.days * DAY
        # The last window closes when the last but `span` event leaves it.
        nth = nth_latest(facts.rings, self.ring, self.times)
        if nth is None:
            return ()
        over_until = 0 if after is None else place_in_time(after)
        if nth + window <= over_until:
            return ()
        known = times(facts.rings, self.ring)
        if len(known) < self.times or facts.mode not in self.modes or not facts.is_complete:
            return ()
        is_full = len(known) == size_of(self.ring)
        if facts.won_back:
            since = place_in_time(facts.won_back.at)
            known = [each for each in known if each >= since]
        lengths = list(map(sub, known[span:], known))
        if not lengths or min(lengths) >= window:
            return ()
        peaks = [place + span for place, length in enumerate(lengths) if length < window]
        measure = Measure(self.times, self.times, Unit.COUNT)
        return [
            Stretch(
                begun,
                time_of(known[first]),
                facts.owner_id,
                self.signal,
                closes_at=time_of(until),
                measure=measure,
                counts=self.ring,
                is_older=is_full and first == span,
            )
            for first, until in runs(peaks, known, span, window)
            if until > over_until and (begun := latest_of(facts.rings, self.ring, len(known) - first + span))
        ]

    def watches(self, mode: Mode | None) -> bool:
        """Return whether customers in a mode are watched; a lost customer has none."""
        return mode in self.modes

    def failed(self, facts: Facts) -> Failed | None:
        """Return the latest event of which it is not known whether it counts. Those before a win-back do not."""
        found = facts.failed.get(self.ring)
        return None if found and facts.won_back and found.event.at < facts.won_back.at else found

    def unmet(self, facts: Facts) -> Unmet | None:
        """Return why customers like this one are not watched."""
        return with_history_in(self.modes, facts)

    def ended_by(self, facts: Facts, _since: datetime) -> Occurrence | None:
        """Return the stage, if customers in it are not watched. The stretch itself says when its window ends."""
        return None if facts.mode in self.modes else facts.stage_since

    def words(self, title: Words, facts: Facts, stretch: Stretch, _zone: str, _instant: datetime) -> Words:
        """Return the summary."""
        count = stretch.measure.value if stretch.measure else 0
        return Words(
            f"{title.en}: {count} within {self.days} days ({scope(facts)}).",
            f"{title.zh}：{self.days} 天内 {count} 次（{scope_zh(facts)}）。",
        )


def runs(peaks: Sequence[int], known: Sequence[int], span: int, window: int) -> Iterator[tuple[int, int]]:
    """Yield the first peak of each run of peaks without a break, and when the window of the last one closes."""
    first = peaks[0]
    for place, peak in enumerate(peaks):
        until = known[peak - span] + window
        following = peaks[place + 1] if place + 1 < len(peaks) else None
        if following is None or known[following] > until:
            yield first, until
            first = following or first
