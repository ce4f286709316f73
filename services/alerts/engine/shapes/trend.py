"""Trend: a measure of the customer is far below the customer's own past."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.customer import Mode
from contracts.event import Event
from services.alerts.engine.facts import Facts
from services.alerts.engine.measures import Measured
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.shapes.count import ALL_MODES
from services.alerts.engine.stretch import Beginning, Stretch
from services.alerts.engine.unmet import Unmet, with_history_in
from services.alerts.engine.words import Words, scope, scope_zh


class Trend(BaseModel):
    """A `measure` is bad, for customers in one of `modes`. The measure says when it is over."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    is_of_items: ClassVar[bool] = False

    shape: Literal["trend"] = "trend"
    measure: Measured
    modes: Annotated[tuple[Mode, ...], Field(min_length=1, max_length=len(Mode))] = ALL_MODES

    @property
    def kept_in(self) -> str | None:
        return self.measure.kept_in

    @property
    def at_once(self) -> bool:
        return self.measure.at_once

    @property
    def beginning(self) -> Beginning:
        return self.measure.beginning

    def hears(self) -> frozenset[type[Event]]:
        return self.measure.hears()

    def stretches(self, facts: Facts, zone: str, after: datetime | None = None) -> Iterable[Stretch]:
        if facts.mode not in self.modes or not facts.is_complete:
            return ()
        return self.measure.stretches(facts, zone, after)

    def watches(self, mode: Mode | None) -> bool:
        """Return whether customers in a mode are watched; a lost customer has none."""
        return mode in self.modes

    def unmet(self, facts: Facts) -> Unmet | None:
        """Return why customers like this one are not watched."""
        return with_history_in(self.modes, facts)

    def ended_by(self, facts: Facts, since: datetime) -> Occurrence | None:
        """Return what the measure says, or the stage, if customers in it are not watched."""
        return self.measure.ended_by(facts, since) if facts.mode in self.modes else facts.stage_since

    def words(self, title: Words, facts: Facts, stretch: Stretch, _zone: str, instant: datetime) -> Words:
        """Return the summary at `instant`."""
        said = self.measure.words(title, stretch, instant)
        return Words(f"{said.en} ({scope(facts)}).", f"{said.zh}（{scope_zh(facts)}）。")
