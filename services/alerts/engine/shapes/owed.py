"""Owed: a time has passed, and what was due then is not done, moved or cancelled."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveInt, model_validator

from contracts.field_error import FieldError
from contracts.followup import Severity
from services.alerts.engine.facts import Facts
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.owed_items import OwedItem
from services.alerts.engine.stretch import NEVER_DUE, Beginning, Stretch
from services.alerts.engine.words import Words, length, length_zh, local_time, scope, scope_zh

Kind = Literal["task", "complaint"]
COMPONENTS: Mapping[Kind, str] = {"task": "follow-up-task", "complaint": "complaint"}


class Owed(BaseModel):
    """An open `item` whose due time was `grace_minutes` ago.

    A complaint without a target is due `hours` after its beginning, by severity. Nothing is due while it is paused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    at_once: ClassVar[bool] = False
    beginning: ClassVar[Beginning] = Beginning.OWN

    shape: Literal["owed"] = "owed"
    item: Kind
    grace_minutes: NonNegativeInt = 0
    hours: Mapping[Severity, PositiveInt] = {}

    @model_validator(mode="after")
    def _check_hours(self) -> Self:
        if set(self.hours) != (set(Severity) if self.item == "complaint" else set()):
            raise FieldError(
                "a complaint needs `hours` for every severity, a task has none",
                "投诉须为每个严重程度给出 `hours`，任务没有",
            )
        return self

    def stretches(self, facts: Facts, _zone: str) -> Iterator[Stretch]:
        items = facts.tasks if self.item == "task" else facts.complaints
        for item in items.values():
            yield Stretch(
                since=item.since,
                due_at=self._due_at(item),
                employee_id=item.employee_id or facts.owner_id,
                component=COMPONENTS[self.item],
                concerns_id=item.concerns_id,
                settled=item.settled,
            )

    def ended_by(self, _facts: Facts, _since: datetime) -> Occurrence | None:
        """Return nothing: the stretch itself says what settled it."""
        return None

    def words(self, _title: Words, facts: Facts, stretch: Stretch, zone: str, instant: datetime) -> Words:
        """Return the summary at `instant`, with times in the business zone."""
        due = local_time(stretch.due_at, zone)
        if self.item == "task":
            since = local_time(stretch.since.at, zone)
            return Words(
                f"A follow-up due {since} was neither done nor moved ({scope(facts)}).",
                f"应于 {since} 前完成的跟进既未完成也未改期（{scope_zh(facts)}）。",
            )
        lasted = instant - stretch.since.at
        return Words(
            f"A complaint has had no answer for {length(lasted)}; one was due {due} ({scope(facts)}).",
            f"投诉已有 {length_zh(lasted)}没有答复，应于 {due} 前答复（{scope_zh(facts)}）。",
        )

    def _due_at(self, item: OwedItem) -> datetime:
        if item.is_paused:
            return NEVER_DUE
        stated = item.answer_by or item.since.at + timedelta(hours=self.hours.get(item.severity, 0))
        return stated + timedelta(minutes=self.grace_minutes)
