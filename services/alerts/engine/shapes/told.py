"""Told: another service says that something is so, until it says that it is over."""

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict

from contracts.customer import Mode
from contracts.event import Event
from contracts.followup import Guard
from contracts.followup.complaint import ComplaintEvent, RepeatEvent
from contracts.followup.guard import GuardEvent
from services.alerts.engine.facts import Facts, Warned
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.stretch import Beginning, Stretch
from services.alerts.engine.unmet import Unmet
from services.alerts.engine.words import Words, scope, scope_zh

REPEATED: Literal["complaint-repeated"] = "complaint-repeated"
UNRESOLVED: Literal["complaint-unresolved"] = "complaint-unresolved"


class Told(BaseModel):
    """The followup service has told `signal`.

    A guard was triggered: it is over when followup clears it. Or a complaint repeats an earlier one, or was escalated
    because its resolution is late: this is over when it is answered.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    at_once: ClassVar[bool] = True
    is_of_items: ClassVar[bool] = False
    beginning: ClassVar[Beginning] = Beginning.OWN

    shape: Literal["told"] = "told"
    signal: Guard | Literal["complaint-repeated", "complaint-unresolved"]

    @property
    def kept_in(self) -> str:
        """Return the field of the facts with what it watches."""
        return "complaints" if self.signal in (REPEATED, UNRESOLVED) else "guards"

    def hears(self) -> frozenset[type[Event]]:
        of_complaints = {*get_args(ComplaintEvent), *get_args(RepeatEvent)}
        return frozenset(of_complaints if self.signal in (REPEATED, UNRESOLVED) else get_args(GuardEvent))

    def stretches(self, facts: Facts, _zone: str, _after: datetime | None = None) -> Iterator[Stretch]:
        if self.signal in (REPEATED, UNRESOLVED):
            for item in facts.complaints.values():
                if told_at := item.repeated if self.signal == REPEATED else item.late:
                    owner_id = item.employee_id or facts.owner_id
                    yield Stretch(told_at, told_at.at, owner_id, "complaint", item.concerns_id, item.settled)
        else:
            for told in self._guards(facts):
                yield Stretch(told.since, told.since.at, facts.owner_id, "contacts", settled=told.settled)

    def watches(self, _mode: Mode | None) -> bool:
        """Return True: customers in every mode are watched."""
        return True

    def unmet(self, _facts: Facts) -> Unmet | None:
        """Return nothing: customers in every mode are watched."""
        return None

    def ended_by(self, _facts: Facts, _since: datetime) -> Occurrence | None:
        """Return nothing: the stretch itself says what settled it."""
        return None

    def words(self, title: Words, facts: Facts, _stretch: Stretch, _zone: str, _instant: datetime) -> Words:
        """Return the summary."""
        return Words(f"{title.en} ({scope(facts)}).", f"{title.zh}（{scope_zh(facts)}）。")

    def _guards(self, facts: Facts) -> Iterator[Warned]:
        """Yield all that is over, and of what is open the customer's own, or else the oldest of its duplicates."""
        own = facts.guards.get(self.signal)
        if own:
            yield own
        others = [told for each in facts.absorbed.values() if (told := each.guards.get(self.signal))]
        yield from (told for told in others if told.settled)
        if own is None or own.settled:
            still = [told.since for told in others if not told.settled]
            yield from map(Warned, sorted(still, key=lambda since: (since.at, since.cause))[:1])
