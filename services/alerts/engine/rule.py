"""A rule: data over one shape. A rule book: the rules in force."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, reduce
from typing import Annotated, Any, Final, Protocol, Self, TypeAlias
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    InstanceOf,
    model_validator,
)

from contracts import customer
from contracts.alerts import AlertSeverity, Backlog
from contracts.customer import Mode
from contracts.event import Event
from contracts.field_error import FieldError
from contracts.types import Clean, Code
from services.alerts.engine.attributes import EVENTS as ATTRIBUTES
from services.alerts.engine.attributes import Attributes, Outcome, attributes_of, checked, outcome
from services.alerts.engine.care import Care
from services.alerts.engine.contact_definition import SHIPPED_CONTACTS, ContactDefinitions
from services.alerts.engine.facts import Facts
from services.alerts.engine.occurrence import Caused, Occurrence, latest
from services.alerts.engine.segments import EVENTS as OF_SEGMENTS
from services.alerts.engine.segments import Segment
from services.alerts.engine.selection import checked_segments, of_condition, outcome_within
from services.alerts.engine.shapes import Condition, Owed, Silence, Trend
from services.alerts.engine.tiers import MAX_TIERS, OTHERS, for_all_tiers
from services.alerts.engine.words import Words
from services.alerts.engine.zone import BUSINESS_ZONE

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

    A shipped rule has neither. `segments` are those that its condition names, in the order of their names.
    """

    id: Code
    version: int = Field(ge=1)
    published: Caused | None = None
    backlog: Backlog | None = None
    segments: Annotated[Mapping[str, Segment], AfterValidator(of_condition)] = Field({}, validate_default=True)

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
        if self.applies is None:
            return Outcome(applies=True)
        if not self.segments:
            return outcome(self.applies, attributes)
        return outcome_within(self.applies, attributes, self.segments, facts)

    @property
    def changed(self) -> Occurrence | None:
        """Return the event that published this version or, if it is later, one of a segment that it names."""
        stated = (each.stated for each in self.segments.values())
        return reduce(latest, stated, self.published) if self.segments else self.published

    def is_delayed_by(self, kind: type[Event]) -> bool:
        """Return whether an event of this kind can only end what is open, or make due later what is not.

        What was skipped as a backlog has no due time, so an event may make it due.
        """
        if kind in OF_EVERY_RULE or self.selects_by(kind) or self.backlog is Backlog.SKIP:
            return False
        return isinstance(self.condition, Silence) and kind in self.condition.delaying

    def least_after(self, kind: type[Event]) -> timedelta:
        """Return how long after an event of this kind the rule is not due, unless an episode is open."""
        if kind in OF_EVERY_RULE or self.selects_by(kind) or not isinstance(self.condition, Trend):
            return timedelta()
        return self.condition.measure.least_after

    def was_overdue(self, due_at: datetime) -> bool:
        """Return whether something was due already when this version, or a segment that it names, was published."""
        return self.changed is not None and due_at <= self.changed.at

    def with_segments(self, segments: Mapping[str, Segment]) -> "Rule":
        """Return the rule with those of the segments that it names."""
        return self.model_copy(update={"segments": {name: segments[name] for name in self.segments}})

    @property
    def definition(self) -> dict[str, Any]:
        """Return the definition as JSON, without absent fields."""
        return definition_of(self)


def definition_of(rule: RuleDefinition) -> dict[str, Any]:
    return rule.model_dump(mode="json", include=set(RuleDefinition.model_fields), exclude_none=True)


def distinct(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    if len({rule.id for rule in rules}) < len(rules):
        raise FieldError("two rules have the same id", "两条规则的编号相同")
    return rules


# The mode of a customer, and whether it has tasks, complaints and terms.
Watched: TypeAlias = tuple[Mode | None, bool, bool, bool]


class RuleSet:
    """Some rules of a book."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self.rules = tuple(rules)
        self.ids = frozenset(rule.id for rule in self.rules)
        self._watching: dict[Watched, tuple[Rule, ...]] = {}

    def watching(self, facts: Facts) -> tuple[Rule, ...]:
        """Return the rules that may have a stretch for a customer in this mode, with these kinds of items."""
        key = facts.mode, bool(facts.tasks), bool(facts.complaints), bool(facts.terms)
        if (found := self._watching.get(key)) is None:
            found = self._watching[key] = tuple(rule for rule in self.rules if watches(rule.condition, *key))
        return found


def watches(condition: Any, mode: Mode | None, has_tasks: bool, has_complaints: bool, has_terms: bool) -> bool:
    """Return whether a condition may have a stretch."""
    has = {None: True, "tasks": has_tasks, "complaints": has_complaints, "terms": has_terms}
    return has[condition.kept_in] and condition.watches(mode)


class Hearing:
    """The rules that hear a kind of event.

    Of these, `delayed` are those that it can only delay or end. No rule of `measured` is due within `least` after it.
    """

    def __init__(self, rules: Iterable[Rule], kind: type[Event]) -> None:
        self.every = RuleSet(rule for rule in rules if kind in OF_EVERY_RULE or rule.hears(kind))
        self.delayed = frozenset(rule.id for rule in self.every.rules if rule.is_delayed_by(kind))
        self.measured = frozenset(rule.id for rule in self.every.rules if rule.least_after(kind))
        self.least = min(
            (rule.least_after(kind) for rule in self.every.rules if rule.id in self.measured), default=timedelta()
        )
        self._without: dict[frozenset[str], RuleSet] = {}

    def without(self, skipped: frozenset[str]) -> RuleSet:
        """Return the rules but for some."""
        if (found := self._without.get(skipped)) is None:
            found = self._without[skipped] = RuleSet(rule for rule in self.every.rules if rule.id not in skipped)
        return found


class RuleBook(BaseModel):
    """The rules in force, and those in shadow. `zone` is the business zone of the times in summaries.

    `retired` are the events that retired other rules. `contacts` says what counts as a contact by a person.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: str = BUSINESS_ZONE
    rules: Annotated[tuple[Rule, ...], AfterValidator(distinct)]
    shadow: Annotated[tuple[Rule, ...], AfterValidator(distinct)] = ()
    retired: Mapping[str, Caused] = {}
    contacts: InstanceOf[ContactDefinitions] = SHIPPED_CONTACTS

    @cached_property
    def fingerprint(self) -> str:
        """Return a text that differs from that of every other book with other rules.

        A new definition of contacts concerns only contacts that follow: nobody has to be evaluated again.
        """
        return hashlib.sha256(self.model_dump_json(exclude={"contacts"}).encode()).hexdigest()

    @cached_property
    def shadow_book(self) -> "RuleBook":
        """Return the rules in shadow as a book of their own."""
        return RuleBook(zone=self.zone, rules=self.shadow)

    def only(self, rule: Rule) -> "RuleBook":
        """Return a book with one rule, and with what counts as a contact here."""
        return RuleBook(zone=self.zone, rules=(rule,), contacts=self.contacts)

    @cached_property
    def selecting(self) -> tuple[Rule, ...]:
        """Return the rules in force that do not apply to all customers."""
        return tuple(rule for rule in self.rules if rule.applies)

    def failures(self, facts: Facts) -> dict[str, str]:
        """Return the reason of each rule in force whose condition fails on a customer."""
        if not self.selecting:
            return {}
        attributes = attributes_of(facts)
        found = ((rule.id, rule.outcome(facts, attributes).failure) for rule in self.selecting)
        return {rule_id: reason for rule_id, reason in found if reason}

    @cached_property
    def named_segments(self) -> tuple[str, ...]:
        """Return the names of the segments that rules in force and in shadow name."""
        return tuple(sorted({name for rule in (*self.rules, *self.shadow) for name in rule.segments}))

    def with_segments(self, segments: Mapping[str, Segment]) -> "RuleBook":
        """Return the book with the segments that its rules name."""
        if not self.named_segments:
            return self
        return RuleBook(
            zone=self.zone,
            rules=tuple(each.with_segments(segments) for each in self.rules),
            shadow=tuple(each.with_segments(segments) for each in self.shadow),
            retired=self.retired,
            contacts=self.contacts,
        )

    @cached_property
    def every(self) -> RuleSet:
        """Return the rules in force."""
        return RuleSet(self.rules)

    @cached_property
    def of_items(self) -> RuleSet:
        """Return the rules in force about tasks, complaints, contracts and quotes."""
        return RuleSet(rule for rule in self.rules if rule.condition.kept_in)

    @cached_property
    def selecting_items(self) -> frozenset[type[Event]]:
        """Return the events that may change which rules about tasks, complaints, contracts and quotes apply."""
        rules = [rule for rule in (*self.rules, *self.shadow) if rule.condition.kept_in]
        return frozenset(kind for kind in ATTRIBUTES | OF_SEGMENTS for rule in rules if rule.selects_by(kind))

    @cached_property
    def _by_kind(self) -> dict[type[Event], Hearing]:
        return {}

    def hearing(self, kind: type[Event]) -> Hearing:
        """Return the rules that an event of this kind may concern."""
        if (found := self._by_kind.get(kind)) is None:
            found = self._by_kind[kind] = Hearing(self.rules, kind)
        return found

    def rule(self, rule_id: str) -> Rule | None:
        """Return the rule in force with this id, if there is one."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)

    def changed(self, rule_id: str) -> Occurrence | None:
        """Return the event that retired a rule, or changed the version in force last."""
        rule = self.rule(rule_id)
        return rule.changed if rule else self.retired.get(rule_id)

    async def current(self, _held: object) -> "InForce":
        """Return this book: as a source of rules, it does not change."""
        return InForce(self)

    async def last_read(self, _held: object) -> "RuleBook":
        return self


NOBODY_SWEPT = UUID(int=0)
EVERYBODY_SWEPT = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules in force. The customers after `swept_to` were last evaluated under an earlier book."""

    book: RuleBook
    swept_to: UUID = EVERYBODY_SWEPT

    def is_swept(self, customer_id: UUID) -> bool:
        return customer_id <= self.swept_to


class Rules(Protocol):
    """A source of the rules in force."""

    async def current(self, held: Any) -> InForce:
        """Return the rules that are in force, as a transaction sees them."""
        ...

    async def last_read(self, held: Any) -> RuleBook:
        """Return the rules that were read last, which may be in force no longer. They cost no query."""
        ...
