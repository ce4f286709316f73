"""Score: the last answer to a survey is much lower than the customer's earlier answers."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.alerts import Unit
from contracts.event import Event
from contracts.followup import SurveyAnswered
from services.alerts.engine.facts import Facts
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.stretch import Beginning, Measure, Stretch
from services.alerts.engine.words import Words


class Score(BaseModel):
    """The last score is `drop` points below the average of the earlier ones, or below `least`, of 100.

    A score counts for `days`. The next answer is compared anew.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kept_in: ClassVar[str] = "scores"
    at_once: ClassVar[bool] = True
    least_after: ClassVar[timedelta] = timedelta()
    beginning: ClassVar[Beginning] = Beginning.OWN

    of: Literal["score"] = "score"
    drop: Annotated[int, Field(ge=1, le=100)]
    least: Annotated[int, Field(ge=0, le=100)] = 0
    days: Annotated[int, Field(ge=1, le=3_650)]

    def hears(self) -> frozenset[type[Event]]:
        return frozenset({SurveyAnswered})

    def stretches(self, facts: Facts, _zone: str, _after: datetime | None = None) -> Sequence[Stretch]:
        *earlier, last = facts.scores or (None,)
        if last is None or (facts.won_back and last.at < facts.won_back.at):
            return ()
        limit = self.least
        if earlier:
            limit = max(limit, sum(each.percent for each in earlier) // len(earlier) - self.drop + 1)
        if last.percent < limit:
            since, closes_at = Occurrence(last.at, last.cause), last.at + timedelta(days=self.days)
            measure = Measure(last.percent, limit, Unit.PERCENT)
            return [Stretch(since, last.at, facts.owner_id, "survey", closes_at=closes_at, measure=measure)]
        return ()

    def ended_by(self, facts: Facts, since: datetime) -> Occurrence | None:
        """Return the next answer."""
        last = facts.scores[-1] if facts.scores else None
        return Occurrence(last.at, last.cause) if last and last.at > since else None

    def words(self, title: Words, stretch: Stretch, _instant: datetime) -> Words:
        value, limit = stretch.measure[:2] if stretch.measure else (0, 0)
        return Words(
            f"{title.en}: {value} of 100, after answers that let expect at least {limit}",
            f"{title.zh}：得分 {value}（满分 100），按以往评分不应低于 {limit}",
        )
