"""Owed: a time has passed, and what was due then is not done, moved or cancelled."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated, ClassVar, Final, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from contracts.customer import Mode
from contracts.event import Event
from contracts.field_error import FieldError
from contracts.followup import Severity
from contracts.followup.complaint import ComplaintEvent, RepeatEvent
from contracts.followup.task import TaskEvent
from contracts.types import Code
from services.alerts.engine.facts import Facts
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.owed_items import OwedItem
from services.alerts.engine.stretch import NEVER_DUE, Beginning, Stretch
from services.alerts.engine.terms import CONTRACT, OF_CONTRACT, OF_QUOTE
from services.alerts.engine.tiers import MAX_TIERS, OTHERS, Hours, for_all_tiers
from services.alerts.engine.unmet import Unmet
from services.alerts.engine.words import Words, length, length_zh, local_time, scope, scope_zh
from services.alerts.engine.zone import end_of

Kind = Literal["task", "complaint", "conclusion", "contract", "quote"]
COMPONENTS: Mapping[Kind, str] = {
    "task": "follow-up-task",
    "complaint": "complaint",
    "conclusion": "complaint",
    "contract": "contract",
    "quote": "quote",
}
MAX_GRACE_MINUTES: Final = 60 * 24 * 30
MAX_DAYS_BEFORE: Final = 366
HoursByTier = Annotated[
    Mapping[Code, Hours], Field(max_length=MAX_TIERS), AfterValidator(lambda given: given and for_all_tiers(given))
]
OF_COMPLAINTS = frozenset({*get_args(ComplaintEvent), *get_args(RepeatEvent)})
HEARD: Mapping[Kind, frozenset[type[Event]]] = {
    "task": frozenset(get_args(TaskEvent)),
    "complaint": OF_COMPLAINTS,
    "conclusion": OF_COMPLAINTS,
    "contract": frozenset(OF_CONTRACT),
    "quote": frozenset(OF_QUOTE),
}


class Owed(BaseModel):
    """An open `item` whose due time was `grace_minutes` ago.

    A task states its due time. A complaint without a target is due `hours` after its beginning, by severity; nothing is
    due while it is paused. A contract is due `days_before` its last day ends, but not in
    the first half of its term; with `unless_agreed`, not if the customer
    said that it will renew it. A quote that was requested, and the conclusion of an answered complaint, are due
    `hours_by_tier` after their beginning.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    at_once: ClassVar[bool] = False
    is_of_items: ClassVar[bool] = True
    beginning: ClassVar[Beginning] = Beginning.OWN

    shape: Literal["owed"] = "owed"
    item: Kind
    grace_minutes: Annotated[int, Field(ge=0, le=MAX_GRACE_MINUTES)] = 0
    hours: Annotated[Mapping[Severity, Hours], Field(max_length=len(Severity))] = {}
    hours_by_tier: HoursByTier = {}
    days_before: Annotated[int, Field(ge=0, le=MAX_DAYS_BEFORE)] = 0
    unless_agreed: bool = False

    @property
    def kept_in(self) -> str:
        """Return the field of the facts with what it watches."""
        return {"task": "tasks", "complaint": "complaints"}.get(self.item, "terms")

    @model_validator(mode="after")
    def _check_hours(self) -> Self:
        if set(self.hours) != (set(Severity) if self.item == "complaint" else set()):
            raise FieldError(
                "a complaint needs `hours` for every severity, a task has none",
                "投诉须为每个严重程度给出 `hours`，任务没有",
            )
        if bool(self.hours_by_tier) != (self.item in {"quote", "conclusion"}):
            raise FieldError(
                "a quote and a conclusion need `hours_by_tier`, nothing else has it",
                "报价和投诉结案须给出 `hours_by_tier`，其他没有",
            )
        if (self.days_before or self.unless_agreed) and self.item != CONTRACT:
            raise FieldError(
                "only a contract has `days_before` and `unless_agreed`", "只有合同可用 `days_before` 和 `unless_agreed`"
            )
        return self

    def hears(self) -> frozenset[type[Event]]:
        return HEARD[self.item]

    def stretches(self, facts: Facts, zone: str, _after: datetime | None = None) -> Iterable[Stretch]:
        items = self.items(facts)
        return [self._stretch(item, facts, zone) for item in items] if items else ()

    def watches(self, _mode: Mode | None) -> bool:
        """Return True: customers in every mode are watched."""
        return True

    def unmet(self, _facts: Facts) -> Unmet | None:
        """Return nothing: customers in every mode are watched."""
        return None

    def ended_by(self, _facts: Facts, _since: datetime) -> Occurrence | None:
        """Return nothing: the stretch itself says what settled it."""
        return None

    def words(self, title: Words, facts: Facts, stretch: Stretch, zone: str, instant: datetime) -> Words:
        """Return the summary at `instant`, with times in the business zone."""
        if self.item == "task":
            since = local_time(stretch.since.at, zone)
            return Words(
                f"A follow-up due {since} was neither done nor moved ({scope(facts)}).",
                f"应于 {since} 前完成的跟进既未完成也未改期（{scope_zh(facts)}）。",
            )
        due = local_time(stretch.due_at, zone)
        if self.item == "complaint":
            lasted = instant - stretch.since.at
            return Words(
                f"A complaint has had no answer for {length(lasted)}; one was due {due} ({scope(facts)}).",
                f"投诉已有 {length_zh(lasted)}没有答复，应于 {due} 前答复（{scope_zh(facts)}）。",
            )
        return Words(
            f"{title.en}; it was due {due} ({scope(facts)}).",
            f"{title.zh}，应于 {due} 前处理（{scope_zh(facts)}）。",
        )

    def _stretch(self, item: OwedItem, facts: Facts, zone: str) -> Stretch:
        return Stretch(
            since=item.since,
            due_at=self._due_at(item, facts, zone),
            employee_id=item.employee_id or facts.owner_id,
            component=COMPONENTS[self.item],
            concerns_id=item.concerns_id,
            settled=item.settled or (item.agreed if self.unless_agreed else None),
        )

    def items(self, facts: Facts) -> Collection[OwedItem]:
        """Return what is owed: each has one stretch, of the same beginning."""
        if self.item == "task":
            return facts.tasks.values()
        if self.item == "complaint":
            return facts.complaints.values()
        return [item for item in facts.terms.values() if item.kind == self.item]

    def _due_at(self, item: OwedItem, facts: Facts, zone: str) -> datetime:
        if item.is_paused:
            return NEVER_DUE
        stated = self._stated(item, facts, zone)
        return stated + self._grace if self.grace_minutes else stated

    def _stated(self, item: OwedItem, facts: Facts, zone: str) -> datetime:
        if item.due_on:
            # Of a short term, the second half is near its end.
            end, since = end_of(item.due_on, zone), item.since.at
            return max(end_of(item.due_on - timedelta(days=self.days_before), zone), since + (end - since) / 2)
        if item.answer_by:
            return item.answer_by
        if self.hours_by_tier:
            hours = self.hours_by_tier.get(facts.tier or OTHERS, self.hours_by_tier[OTHERS])
        else:
            hours = self.hours.get(item.severity, 0)
        return item.since.at + timedelta(hours=hours) if hours else item.since.at

    @cached_property
    def _grace(self) -> timedelta:
        return timedelta(minutes=self.grace_minutes)
