"""Sets of rules, by what they watch and by the events that they hear."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, TypeAlias

from contracts.customer import Mode
from contracts.event import Event
from services.alerts.engine.facts import Facts
from services.alerts.engine.rule import OF_EVERY_RULE, Rule

# The mode of a customer, and whether it has tasks, complaints and terms.
Watched: TypeAlias = tuple[Mode | None, bool, bool, bool]


class RuleSet:
    """Some rules of a book. `removed` are the ids of rules that are in force no longer; their open episodes end."""

    def __init__(self, rules: Iterable[Rule], removed: Iterable[str] = ()) -> None:
        self.rules = tuple(rules)
        self.ids = frozenset(rule.id for rule in self.rules).union(removed)
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
    Those of `stated` it concerns only if it states or clears a last contact. Without `has_conditions`, there are none
    of these.
    """

    def __init__(self, rules: Iterable[Rule], kind: type[Event]) -> None:
        self.every = RuleSet(rule for rule in rules if kind in OF_EVERY_RULE or rule.hears(kind))
        self.delayed = frozenset(rule.id for rule in self.every.rules if rule.is_delayed_by(kind))
        self.stated = frozenset(rule.id for rule in self.every.rules if rule.needs_stated_contact(kind))
        self.measured = frozenset(rule.id for rule in self.every.rules if rule.least_after(kind))
        self.least = min(
            (rule.least_after(kind) for rule in self.every.rules if rule.id in self.measured), default=timedelta()
        )
        self.has_conditions = bool(self.delayed or self.stated or self.measured)
        self._without: dict[frozenset[str], RuleSet] = {}

    def without(self, skipped: frozenset[str]) -> RuleSet:
        """Return the rules but for some."""
        if (found := self._without.get(skipped)) is None:
            found = self._without[skipped] = RuleSet(rule for rule in self.every.rules if rule.id not in skipped)
        return found
