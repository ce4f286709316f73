"""Silence: a signal has not come for so many days, since the last one, the registration, or another signal."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from contracts.customer import Mode
from services.alerts.engine.facts import Facts
from services.alerts.engine.occurrence import Occurrence, latest
from services.alerts.engine.signals import CONTACT, SignalName
from services.alerts.engine.stretch import Stretch
from services.alerts.engine.tiers import OTHERS
from services.alerts.engine.words import Words, length, length_zh, scope, scope_zh


class Silence(BaseModel):
    """None of `signals` for `days`, by mode and tier. A customer in a mode without days is not watched.

    With `after`, the silence begins with the last signal of that name, if none of `signals` has come since. Without it,
    it begins with the last of `signals`, or else with the registration.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: Literal["silence"] = "silence"
    signals: Annotated[tuple[SignalName, ...], Field(min_length=1)]
    after: SignalName | None = None
    days: Mapping[Mode, Mapping[str, PositiveInt]]

    def stretches(self, facts: Facts) -> Iterator[Stretch]:
        since, days = self._since(facts), self.days.get(facts.mode) if facts.mode else None
        if since is not None and days is not None:
            allowed = timedelta(days=days.get(facts.tier or OTHERS, days[OTHERS]))
            yield Stretch(since, since.at + allowed, facts.owner_id, str(facts.mode))

    def ended_by(self, facts: Facts, since: datetime) -> Occurrence | None:
        """Return what ended a silence since `since`: a signal, or else the stage, which may have ended every mode."""
        ended = self._ended(facts)
        if self.after and ended and ended.at < since:
            ended = None
        return ended if ended and ended.at != since else facts.stage_since

    def words(self, title: Words, facts: Facts, stretch: Stretch, _zone: str, instant: datetime) -> Words:
        """Return the summary at `instant`."""
        lasted, allowed = instant - stretch.since.at, stretch.threshold
        return Words(
            f"{title.en} for {length(lasted)}; {length(allowed)} are allowed ({scope(facts)}).",
            f"{title.zh}已有 {length_zh(lasted)}，上限 {length_zh(allowed)}（{scope_zh(facts)}）。",
        )

    def _since(self, facts: Facts) -> Occurrence | None:
        ended = self._ended(facts)
        if self.after is None:
            return ended or facts.registered
        began = facts.signals.get(self.after)
        return began if began and not (ended and ended.at >= began.at) else None

    def _ended(self, facts: Facts) -> Occurrence | None:
        found = None
        for name in self.signals:
            found = latest(found, facts.latest_contact if name == CONTACT else facts.signals.get(name))
        return found
