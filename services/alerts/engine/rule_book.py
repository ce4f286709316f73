"""A rule book: the rules in force, and those in shadow."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Final, Protocol
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, InstanceOf

from contracts.event import Event
from contracts.field_error import FieldError
from services.alerts.engine.attributes import EVENTS as ATTRIBUTES
from services.alerts.engine.attributes import attributes_of
from services.alerts.engine.contact_definition import SHIPPED_CONTACTS, ContactDefinitions
from services.alerts.engine.facts import Facts
from services.alerts.engine.features import Features
from services.alerts.engine.occurrence import Caused, Occurrence
from services.alerts.engine.rule import Rule, counted_by
from services.alerts.engine.rule_set import Hearing, RuleSet
from services.alerts.engine.segments import EVENTS as OF_SEGMENTS
from services.alerts.engine.segments import Segment
from services.alerts.engine.shapes import Count
from services.alerts.engine.words import Words
from services.alerts.engine.zone import BUSINESS_ZONE

# To be raised when the same rule finds something else, or the memory has what earlier builds do not maintain: then all
# customers are evaluated again after the upgrade. 3: trends are not skipped because an item is due.
ENGINE: Final = 3


def digest(*parts: str) -> str:
    return hashlib.sha256("\n".join((str(ENGINE), *parts)).encode()).hexdigest()


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
        return digest(self.model_dump_json(exclude={"contacts"}))

    @cached_property
    def digests(self) -> dict[str, str]:
        """Return a digest of each rule in force, by its id. It changes with the rule."""
        return {rule.id: digest(self.zone, rule.model_dump_json()) for rule in self.rules}

    def changed_since(self, earlier: Sequence[Mapping[str, str]]) -> RuleSet:
        """Return the rules that are not the same in all earlier books, of which these are the digests."""
        known = self.retired.keys() | {rule_id for digests in earlier for rule_id in digests}
        same = {key for key, own in self.digests.items() if all(each.get(key) == own for each in earlier)}
        return RuleSet((rule for rule in self.rules if rule.id not in same), known - self.digests.keys())

    @cached_property
    def shadow_book(self) -> "RuleBook":
        """Return the rules in shadow as a book of their own."""
        return RuleBook(zone=self.zone, rules=self.shadow)

    def only(self, *rules: Rule) -> "RuleBook":
        """Return a book with these rules, and with what counts as a contact here."""
        return RuleBook(zone=self.zone, rules=rules, contacts=self.contacts)

    @cached_property
    def selecting(self) -> tuple[Rule, ...]:
        """Return the rules in force that do not apply to all customers."""
        return tuple(rule for rule in self.rules if rule.applies)

    def condition_failures(self, facts: Facts) -> dict[str, Words]:
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
    def counting(self) -> tuple[tuple[Rule, Count], ...]:
        """Return the rules in force that count some events of their signal, each with its condition."""
        return tuple((rule, each) for rule in self.rules if isinstance(each := rule.condition, Count) and each.counts)

    @cached_property
    def features(self) -> Features:
        """Return what the rules in force and in shadow count."""
        return counted_by((*self.rules, *self.shadow))

    @cached_property
    def every(self) -> RuleSet:
        """Return the rules in force."""
        return RuleSet(self.rules)

    @cached_property
    def of_items(self) -> RuleSet:
        """Return the rules in force about tasks, complaints, contracts and quotes."""
        return RuleSet(rule for rule in self.rules if rule.is_of_items)

    @cached_property
    def selecting_items(self) -> frozenset[type[Event]]:
        """Return the events that may change which rules about tasks, complaints, contracts and quotes apply."""
        rules = [rule for rule in (*self.rules, *self.shadow) if rule.is_of_items]
        return frozenset(kind for kind in ATTRIBUTES | OF_SEGMENTS for rule in rules if rule.selects_by(kind))

    @cached_property
    def _by_kind(self) -> dict[type[Event], Hearing]:
        return {}

    def hearing(self, kind: type[Event]) -> Hearing:
        """Return the rules that an event of this kind may concern."""
        if (found := self._by_kind.get(kind)) is None:
            found = self._by_kind[kind] = Hearing(self.rules, kind)
        return found

    @cached_property
    def _by_id(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.rules}

    def rule(self, rule_id: str) -> Rule | None:
        """Return the rule in force with this id, if there is one."""
        return self._by_id.get(rule_id)

    def changed(self, rule_id: str) -> Occurrence | None:
        """Return the event that retired a rule, or changed the version in force last."""
        rule = self.rule(rule_id)
        return rule.changed if rule else self.retired.get(rule_id)

    async def current(self, _held: object) -> "InForce":
        """Return this book: as a source of rules, it does not change."""
        return InForce(self)

    async def evaluating(self, held: object) -> "InForce":
        return await self.current(held)

    async def last_read(self, _held: object) -> "RuleBook":
        return self


NOBODY_SWEPT = UUID(int=0)
EVERYBODY_SWEPT = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules in force. The customers after `swept_to` were last evaluated under an earlier book.

    Since then no other rules than `changed` have changed; if absent, any rule may have. `shipped` is the digest of the
    rules that this build ships.
    """

    book: RuleBook
    swept_to: UUID = EVERYBODY_SWEPT
    changed: RuleSet | None = None
    shipped: str = ""

    def is_swept(self, customer_id: UUID) -> bool:
        return customer_id <= self.swept_to


class Rules(Protocol):
    """A source of the rules in force."""

    async def current(self, held: Any) -> InForce:
        """Return the rules that are in force, as a transaction sees them."""
        ...

    async def evaluating(self, held: Any) -> InForce:
        """As `current`, for a transaction that evaluates customers. It is recorded that this build does."""
        ...

    async def last_read(self, held: Any) -> RuleBook:
        """Return the rules that were read last, which may be in force no longer. They cost no query."""
        ...
