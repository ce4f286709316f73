"""Volume: the orders of the last months are far below those of the same months a year before."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from contracts.alerts import Unit
from contracts.customer import OrderPlaced
from contracts.event import Event
from services.alerts.engine import months
from services.alerts.engine.facts import Facts
from services.alerts.engine.months import A_YEAR, NONE, Sum
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.order_undone import OrderUndone
from services.alerts.engine.stretch import NEVER_DUE, Beginning, Measure, Stretch
from services.alerts.engine.words import Words

# How many month starts are looked at ahead, as if no order came.
AHEAD = 16
PERCENT = 100


class Sums(NamedTuple):
    """Running sums of one currency: what was ordered before each month from `begin` on."""

    begin: int
    amounts: list[int]
    counts: list[int]

    @classmethod
    def of(cls, own: Mapping[int, Sum], begin: int, end: int) -> "Sums":
        found = [own.get(month, NONE) for month in range(begin, end)]
        amounts, counts = ([each[place] for each in found] for place in (0, 1))
        return cls(begin, list(accumulate(amounts, initial=0)), list(accumulate(counts, initial=0)))

    def amount(self, month: int, length: int) -> int:
        """Return the sum of some months before a month start."""
        place = month - self.begin
        return self.amounts[place] - self.amounts[place - length]

    def orders(self, month: int, length: int) -> int:
        place = month - self.begin
        return self.counts[place] - self.counts[place - length]


class Fall(NamedTuple):
    """A run of month starts at which the volume is low: the first one, the one at which it ends, and the percentage."""

    first: int
    last: int | None
    percent: int


class Volume(BaseModel):
    """At a month start, the sum of the last `months` is below `percent` of the same months a year before.

    It is over at a month start with `margin` more. A year before, there must have been `at_least` orders. Of several
    currencies, that with most orders a year before counts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kept_in: ClassVar[str] = "months"
    at_once: ClassVar[bool] = False
    least_after: ClassVar[timedelta] = timedelta()
    beginning: ClassVar[Beginning] = Beginning.KEPT

    of: Literal["volume"] = "volume"
    months: Annotated[int, Field(ge=1, le=A_YEAR)]
    percent: Annotated[int, Field(ge=1, lt=PERCENT)]
    margin: Annotated[int, Field(ge=0, le=PERCENT)] = 10
    at_least: Annotated[int, Field(ge=1, le=1_000)] = 3

    def hears(self) -> frozenset[type[Event]]:
        return frozenset({OrderPlaced, OrderUndone})

    def stretches(self, facts: Facts, zone: str, _after: datetime | None = None) -> Iterator[Stretch]:
        ordered = facts.signals.get("order")
        if not ordered or not facts.months:
            return
        known = [month for own in facts.months.values() for month in own]
        first = min(known) + A_YEAR + self.months
        if facts.won_back:
            # The months since the win-back are compared.
            first = max(first, months.month_of(facts.won_back.at, zone) + 1 + self.months)
        starts = range(first, max(known) + AHEAD + 1)
        sums = [Sums.of(own, min(known), starts.stop) for _, own in sorted(facts.months.items())]
        for fall in self._falls(sums, starts):
            yield Stretch(
                Occurrence(months.start_of(fall.first, zone), ordered.cause),
                months.start_of(fall.first, zone),
                facts.owner_id,
                "order",
                closes_at=NEVER_DUE if fall.last is None else months.start_of(fall.last, zone),
                measure=Measure(fall.percent, self.percent, Unit.PERCENT),
                is_older=fall.first == first,
            )

    def ended_by(self, _facts: Facts, _since: datetime) -> Occurrence | None:
        """Return nothing: an order or a cancellation changes what was compared."""
        return None

    def words(self, title: Words, stretch: Stretch, _instant: datetime) -> Words:
        value = stretch.measure.value if stretch.measure else 0
        return Words(
            f"{title.en}: {value} % of the same {self.months} months a year before",
            f"{title.zh}：仅为去年同期 {self.months} 个月的 {value}%",
        )

    def _falls(self, sums: Sequence[Sums], starts: range) -> Iterator[Fall]:
        open_fall: Fall | None = None
        for month in starts:
            percent = self._percent(sums, month)
            limit = self.percent + self.margin if open_fall else self.percent
            is_low = percent is not None and percent < limit
            if is_low and open_fall is None:
                open_fall = Fall(month, None, percent or 0)
            elif not is_low and open_fall:
                yield open_fall._replace(last=month)
                open_fall = None
        if open_fall:
            yield open_fall

    def _percent(self, sums: Sequence[Sums], month: int) -> int | None:
        """Return the percentage at a month start; None if there were too few orders a year before."""
        length, best = self.months, sums[0]
        if len(sums) > 1:
            # Of two currencies with as many orders, the later one in the alphabet.
            best = max(reversed(sums), key=lambda each: each.orders(month - A_YEAR, length))
        if best.orders(month - A_YEAR, length) < self.at_least:
            return None
        before = best.amount(month - A_YEAR, length)
        if before <= 0:
            return None
        return best.amount(month, length) * PERCENT // before
