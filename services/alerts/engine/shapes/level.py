"""Level: a score has fallen below a limit. It is over when the score is a margin above the limit again."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Final, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.alerts import Unit
from contracts.customer import Mode
from contracts.event import Event
from contracts.field_error import FieldError
from services.alerts.engine.facts import Facts, Scored
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.scores import SCORES, ScoreName
from services.alerts.engine.shapes.count import ALL_MODES
from services.alerts.engine.stretch import Beginning, Measure, Stretch
from services.alerts.engine.unmet import Unmet, with_history_in
from services.alerts.engine.words import Words, scope, scope_zh

BEST: Final = 100
MAX_DAYS: Final = 3_650


class Run(NamedTuple):
    """Scores without a break that keep the level low, from `first` to `last`. `ended` is the score that ended it."""

    first: Scored
    last: Scored
    is_older: bool
    ended: Scored | None = None


class Level(BaseModel):
    """`score` is below `below` of 100, for customers in one of `modes`, until it is `margin` above.

    The last score counts for `days`. The scores between the limit and the limit with the margin change nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kept_in: ClassVar[str] = "scores"
    at_once: ClassVar[bool] = True
    is_of_items: ClassVar[bool] = False
    beginning: ClassVar[Beginning] = Beginning.KEPT

    shape: Literal["level"] = "level"
    score: ScoreName
    below: Annotated[int, Field(ge=1, le=BEST)]
    margin: Annotated[int, Field(ge=0, le=BEST)] = 0
    days: Annotated[int, Field(ge=1, le=MAX_DAYS)]
    modes: Annotated[tuple[Mode, ...], Field(min_length=1, max_length=len(Mode))] = ALL_MODES

    @model_validator(mode="after")
    def _check_margin(self) -> Self:
        if self.recovered > BEST:
            raise FieldError(
                f"`below` and `margin` together are at most {BEST}", f"`below` 与 `margin` 之和不超过 {BEST}", "margin"
            )
        return self

    @property
    def recovered(self) -> int:
        """Return the lowest score that ends an episode."""
        return self.below + self.margin

    def hears(self) -> frozenset[type[Event]]:
        return SCORES[self.score].hears

    def stretches(self, facts: Facts, _zone: str, after: datetime | None = None) -> Sequence[Stretch]:
        """Return each time in which the level was low, as far as the memory reaches back.

        Those that had expired at `after` are left out.
        """
        measured = SCORES[self.score]
        known: Sequence[Scored] = measured.values(facts)
        if not known or facts.mode not in self.modes or not facts.is_complete:
            return ()
        is_full = len(known) == measured.kept
        if (back := facts.won_back) and known[0].at < back.at:
            known, is_full = [each for each in known if each.at >= back.at], False
        found = [self._stretch(run, facts) for run in self._runs(known, is_full=is_full)]
        return [each for each in found if each.settled or after is None or each.closes_at > after]

    def watches(self, mode: Mode | None) -> bool:
        """Return whether customers in a mode are watched; a lost customer has none."""
        return mode in self.modes

    def unmet(self, facts: Facts) -> Unmet | None:
        """Return why customers like this one are not watched."""
        return with_history_in(self.modes, facts)

    def ended_by(self, facts: Facts, _since: datetime) -> Occurrence | None:
        """Return the stage, if customers in it are not watched. The stretch itself says which score ended it."""
        return None if facts.mode in self.modes else facts.stage_since

    def words(self, title: Words, facts: Facts, stretch: Stretch, _zone: str, _instant: datetime) -> Words:
        """Return the summary."""
        value = stretch.measure.value if stretch.measure else 0
        return Words(
            f"{title.en}: {value} of {BEST}, after a fall below {self.below}; over at {self.recovered}"
            f" ({scope(facts)}).",
            f"{title.zh}：得分 {value}（满分 {BEST}），曾低于 {self.below}，达到 {self.recovered} 后解除"
            f"（{scope_zh(facts)}）。",
        )

    def _runs(self, known: Sequence[Scored], *, is_full: bool) -> Iterator[Run]:
        """Yield the runs, oldest first. With `is_full`, the first may have begun with a score that was forgotten."""
        run: Run | None = None
        below, recovered, lasts = self.below, self.recovered, timedelta(days=self.days)
        for place, each in enumerate(known):
            if run and each.at >= run.last.at + lasts:
                yield run
                run = None
            if run is None:
                is_older = is_full and place == 0
                if each.percent < (recovered if is_older else below):
                    run = Run(each, each, is_older)
            elif each.percent >= recovered:
                yield Run(run.first, run.last, run.is_older, each)
                run = None
            else:
                crosses = each.percent < below <= run.first.percent
                run = Run(each if crosses else run.first, each, run.is_older)
        if run:
            yield run

    def _stretch(self, run: Run, facts: Facts) -> Stretch:
        """Return the stretch of a run. One without a score below the limit only continues what began earlier."""
        first, last, ended = run.first, run.last, run.ended
        return Stretch(
            since=Occurrence(first.at, first.cause),
            due_at=first.at,
            employee_id=facts.owner_id,
            component=SCORES[self.score].component,
            settled=Occurrence(ended.at, ended.cause) if ended else None,
            closes_at=last.at + timedelta(days=self.days),
            measure=Measure(last.percent, self.below, Unit.PERCENT),
            is_older=run.is_older,
            is_continuation=first.percent >= self.below,
        )
