"""A rule: data over one shape."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import reduce
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)

from contracts import customer
from contracts.alerts import AlertSeverity, Backlog
from contracts.event import Event
from contracts.field_error import FieldError
from contracts.types import Clean, Code
from services.alerts.engine.attributes import EVENTS as ATTRIBUTES
from services.alerts.engine.attributes import Attributes, Outcome, attributes_of, checked, outcome
from services.alerts.engine.care import Care
from services.alerts.engine.facts import Facts
from services.alerts.engine.features import Features, features_of
from services.alerts.engine.occurrence import Caused, Occurrence, latest
from services.alerts.engine.segments import EVENTS as OF_SEGMENTS
from services.alerts.engine.segments import Segment
from services.alerts.engine.selection import checked_segments, of_condition, outcome_within
from services.alerts.engine.shapes import Condition, Count, Owed, Silence, Trend
from services.alerts.engine.tiers import MAX_TIERS, OTHERS, for_all_tiers
from services.alerts.engine.unreadable import Unreadable
from services.alerts.engine.words import Words

# These change the mode, the tier, the addressee, or whether a customer is watched at all.
OF_EVERY_RULE: Final = frozenset(
    {
        customer.Registered,
        customer.StageChanged,
        customer.TierChanged,
        customer.OwnerAssigned,
        customer.CustomerErased,
        customer.Merged,
        customer.Unmerged,
    }
)

MAX_CONDITION: Final = 1_000
Applies = Annotated[
    str,
    Field(min_length=1, max_length=MAX_CONDITION),
    Clean,
    AfterValidator(checked),
    AfterValidator(checked_segments),
]


class RuleDefinition(BaseModel):
    """What a rule is. `title` says what is wrong, `description` what the rule does.

    `applies` is a condition in CEL over the attributes of a customer; without it, the rule applies to all.
    `severities` are by tier; `others` is for all other tiers. `care` is the task that it asks for with each alert.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    title: Words
    description: Words | None = None
    severities: Annotated[Mapping[Code, AlertSeverity], Field(max_length=MAX_TIERS), AfterValidator(for_all_tiers)]
    condition: Condition
    applies: Applies | None = None
    care: Care | None = None

    @model_validator(mode="after")
    def _check_care(self) -> Self:
        if self.care and isinstance(self.condition, Owed) and self.condition.item == "task":
            raise FieldError("a rule about tasks cannot ask for a task", "针对跟进任务的规则不能再要求关怀任务", "care")
        return self

    def severity(self, tier: str | None) -> AlertSeverity:
        return self.severities.get(tier or OTHERS, self.severities[OTHERS])


class Rule(RuleDefinition):
    """A version of a rule. `published` is the event that published it, and `backlog` says what was due already then.

    A shipped rule has neither. `segments` are those that its condition names, in the order of their names. If it is
    `unreadable`, its condition fails on every customer, and its other fields say nothing.
    """

    id: Code
    version: int = Field(ge=1)
    published: Caused | None = None
    backlog: Backlog | None = None
    unreadable: Unreadable | None = None
    segments: Annotated[Mapping[str, Segment], AfterValidator(of_condition)] = Field({}, validate_default=True)

    @property
    def is_of_items(self) -> bool:
        """Return whether the rule is about tasks, complaints, contracts or quotes."""
        return self.condition.is_of_items

    def hears(self, kind: type[Event]) -> bool:
        """Return whether an event of this kind may concern the rule."""
        return kind in self.condition.hears() or self.selects_by(kind)

    def selects_by(self, kind: type[Event]) -> bool:
        """Return whether an event of this kind may change to which customers the rule applies."""
        return self.applies is not None and (kind in ATTRIBUTES or (bool(self.segments) and kind in OF_SEGMENTS))

    def applies_to(self, facts: Facts) -> bool:
        """Return whether the rule applies to a customer. False if that cannot be said: see `RuleBook.failures`."""
        return self.applies is None or self.outcome(facts, attributes_of(facts)).applies

    def outcome(self, facts: Facts, attributes: Attributes) -> Outcome:
        """Return whether the rule applies to a customer with these attributes, or why that cannot be said."""
        if self.unreadable:
            return Outcome(applies=False, failure=self.unreadable.fault)
        if self.applies is None:
            return Outcome(applies=True)
        if not self.segments:
            return outcome(self.applies, attributes)
        return outcome_within(self.applies, attributes, self.segments, facts)

    @property
    def for_all(self) -> "Rule":
        """Return the rule without its condition."""
        return self.model_copy(update={"applies": None, "segments": {}})

    @property
    def changed(self) -> Occurrence | None:
        """Return the event that published this version or, if it is later, one of a segment that it names."""
        if not self.segments:
            return self.published
        return reduce(latest, (each.stated for each in self.segments.values()), self.published)

    def is_delayed_by(self, kind: type[Event]) -> bool:
        """Return whether an event of this kind can only end what is open, or make due later what is not.

        What was skipped as a backlog has no due time, so an event may make it due.
        """
        if kind in OF_EVERY_RULE or self.selects_by(kind) or self.backlog is Backlog.SKIP:
            return False
        return isinstance(self.condition, Silence) and kind in self.condition.delaying

    def needs_stated_contact(self, kind: type[Event]) -> bool:
        """Return whether an event of this kind concerns the rule only if it states or clears a last contact."""
        if kind is not customer.ProfileChanged or self.selects_by(kind):
            return False
        return isinstance(self.condition, Silence) and self.condition.needs_stated_contact

    def least_after(self, kind: type[Event]) -> timedelta:
        """Return how long after an event of this kind the rule is not due, unless an episode is open."""
        if kind in OF_EVERY_RULE or self.selects_by(kind) or not isinstance(self.condition, Trend):
            return timedelta()
        return self.condition.measure.least_after

    def was_overdue(self, due_at: datetime) -> bool:
        """Return whether something was due already when this version, or a segment that it names, was published."""
        changed = self.changed
        return changed is not None and due_at <= changed.at

    def with_segments(self, segments: Mapping[str, Segment]) -> "Rule":
        """Return the rule with those of the segments that it names."""
        return self.model_copy(update={"segments": {name: segments[name] for name in self.segments}})

    @property
    def definition(self) -> dict[str, Any]:
        """Return the definition as JSON, without absent fields."""
        return dict(self.unreadable.definition) if self.unreadable else definition_of(self)


def definition_of(rule: RuleDefinition) -> dict[str, Any]:
    return rule.model_dump(mode="json", include=set(RuleDefinition.model_fields), exclude_none=True)


def counted_by(rules: Iterable[RuleDefinition]) -> Features:
    """Return the features that rules count."""
    counts = (each.condition for each in rules if isinstance(each.condition, Count))
    return features_of(each.feature for each in counts if each.feature)
