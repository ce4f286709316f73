"""Told: another service says that something is so, until it says that it is over."""

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from contracts.followup import Guard
from services.alerts.engine.facts import Facts
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.stretch import Beginning, Stretch
from services.alerts.engine.words import Words, scope, scope_zh

REPEATED: Literal["complaint-repeated"] = "complaint-repeated"


class Told(BaseModel):
    """The followup service has told `signal`: a guard was triggered, or a complaint repeats an earlier one.

    A guard is over when followup clears it. A repeated complaint is over when it is answered.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    at_once: ClassVar[bool] = True
    beginning: ClassVar[Beginning] = Beginning.OWN

    shape: Literal["told"] = "told"
    signal: Guard | Literal["complaint-repeated"]

    def stretches(self, facts: Facts, _zone: str) -> Iterator[Stretch]:
        if self.signal == REPEATED:
            for item in facts.complaints.values():
                if item.repeated:
                    yield Stretch(
                        item.repeated,
                        item.repeated.at,
                        item.employee_id or facts.owner_id,
                        "complaint",
                        item.concerns_id,
                        item.settled,
                    )
        elif told := facts.guards.get(self.signal):
            yield Stretch(told.since, told.since.at, facts.owner_id, "contacts", settled=told.settled)

    def ended_by(self, _facts: Facts, _since: datetime) -> Occurrence | None:
        """Return nothing: the stretch itself says what settled it."""
        return None

    def words(self, title: Words, facts: Facts, _stretch: Stretch, _zone: str, _instant: datetime) -> Words:
        """Return the summary."""
        return Words(f"{title.en} ({scope(facts)}).", f"{title.zh}（{scope_zh(facts)}）。")
