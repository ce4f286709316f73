"""A rule: data over one shape. A rule book: the rules in force."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Final, Protocol, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    InstanceOf,
    PlainSerializer,
    model_validator,
)

from contracts import customer
from contracts.alerts import AlertSeverity, Backlog
from contracts.event import Event
from contracts.field_error import FieldError
from contracts.types import Clean, Code
from services.alerts.engine.attributes import EVENTS as ATTRIBUTES
from services.alerts.engine.attributes import attributes_of, checked, outcome
from services.alerts.engine.care import Care
from services.alerts.engine.contact_definition import SHIPPED_CONTACTS, ContactDefinitions
from services.alerts.engine.facts import Facts
from services.alerts.engine.features import Features, features_of
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.shapes import Condition, Count, Owed
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
# An event that published or retired a rule.
Caused = Annotated[InstanceOf[Occurrence], PlainSerializer(lambda event: (event.at, event.cause))]
Applies = Annotated[str, Field(min_length=1, max_length=MAX_CONDITION), Clean, AfterValidator(checked)]


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

    def applies_to(self, facts: Facts) -> bool:
        """Return whether the rule applies to a customer. False if that cannot be said: see `failures`."""
        return self.applies is None or outcome(self.applies, attributes_of(facts)).applies

    def severity(self, tier: str | None) -> AlertSeverity:
        return self.severities.get(tier or OTHERS, self.severities[OTHERS])


class Rule(RuleDefinition):
    """A version of a rule. `published` is the event that published it, and `backlog` says what was due already then.

    A shipped rule has neither.
    """

    id: Code
    version: int = Field(ge=1)
    published: Caused | None = None
    backlog: Backlog | None = None

    def hears(self, kind: type[Event]) -> bool:
        """Return whether an event of this kind may concern the rule."""
        return kind in self.condition.hears() or (self.applies is not None and kind in ATTRIBUTES)

    def was_overdue(self, due_at: datetime) -> bool:
        """Return whether something was due already when this version was published."""
        return self.published is not None and due_at <= self.published.at

    @property
    def definition(self) -> dict[str, Any]:
        """Return the definition as JSON, without absent fields."""
        return definition_of(self)


def definition_of(rule: RuleDefinition) -> dict[str, Any]:
    return rule.model_dump(mode="json", include=set(RuleDefinition.model_fields), exclude_none=True)


def counted_by(rules: Iterable[RuleDefinition]) -> Features:
    """Return the features that rules count."""
    counts = (each.condition for each in rules if isinstance(each.condition, Count))
    return features_of(each.feature for each in counts if each.feature)


def distinct(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    if len({rule.id for rule in rules}) < len(rules):
        raise FieldError("two rules have the same id", "两条规则的编号相同")
    return rules


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
    def selecting(self) -> tuple[tuple[str, str], ...]:
        """Return the rules in force that do not apply to all customers, each with its condition."""
        return tuple((rule.id, rule.applies) for rule in self.rules if rule.applies)

    @cached_property
    def counting(self) -> tuple[tuple[Rule, Count], ...]:
        """Return the rules in force that count some events of their signal, each with its condition."""
        return tuple((rule, each) for rule in self.rules if isinstance(each := rule.condition, Count) and each.counts)

    @cached_property
    def features(self) -> Features:
        """Return what the rules in force and in shadow count."""
        return counted_by((*self.rules, *self.shadow))

    @cached_property
    def of_items(self) -> tuple[Rule, ...]:
        """Return the rules in force about tasks, complaints, contracts and quotes."""
        return tuple(rule for rule in self.rules if rule.condition.is_of_items)

    @cached_property
    def selects_by_item(self) -> bool:
        """Return whether an attribute may change what a task, a complaint, a contract or a quote means."""
        return any(rule.applies and rule.condition.is_of_items for rule in (*self.rules, *self.shadow))

    @cached_property
    def has_hours_by_tier(self) -> bool:
        """Return whether a tier changes when an item is due."""
        return any(isinstance(each.condition, Owed) and each.condition.hours_by_tier for each in self.rules)

    @cached_property
    def _by_kind(self) -> dict[type[Event], tuple[Rule, ...]]:
        return {}

    def hearing(self, event: Any) -> tuple[Rule, ...]:
        """Return the rules that an event may concern."""
        kind = type(event)
        if (found := self._by_kind.get(kind)) is None:
            found = tuple(each for each in self.rules if kind in OF_EVERY_RULE or each.hears(kind))
            self._by_kind[kind] = found
        return found

    def rule(self, rule_id: str) -> Rule | None:
        """Return the rule in force with this id, if there is one."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)

    def changed(self, rule_id: str) -> Occurrence | None:
        """Return the event that retired a rule, or published the version in force."""
        rule = self.rule(rule_id)
        return rule.published if rule else self.retired.get(rule_id)

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
