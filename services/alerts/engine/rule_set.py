"""Sets of rules, by what they watch and by the events that they hear."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final, TypeAlias

from contracts.customer import Mode
from contracts.event import Event
from services.alerts.engine.facts import Facts
from services.alerts.engine.rule import OF_EVERY_RULE, Rule

# The fields of the facts in which conditions may keep what they watch (`kept_in`).
FIELDS: Final = ("tasks", "complaints", "terms", "guards", "needs", "months", "scores")
# The mode of a customer, and whether it has something in each of FIELDS.
Watched: TypeAlias = tuple[Mode | None, bool, bool, bool, bool, bool, bool, bool]


class RuleSet:
    """Some rules of a book. `removed` are the ids of rules that are in force no longer; their open episodes end."""

    def __init__(self, rules: Iterable[Rule], removed: Iterable[str] = ()) -> None:
        self.rules = tuple(rules)
        self.ids = frozenset(rule.id for rule in self.rules).union(removed)
        self._watching: dict[Watched, tuple[Rule, ...]] = {}

    def watching(self, facts: Facts) -> tuple[Rule, ...]:
        """Return the rules that may have a stretch for a customer in this mode, with something in these fields.

        The guards of duplicates stay with them.
        """
        key = (
            facts.mode,
            bool(facts.tasks),
            bool(facts.complaints),
            bool(facts.terms),
            bool(facts.guards or facts.absorbed),
            bool(facts.needs),
            bool(facts.months),
            bool(facts.scores),
        )
        if (found := self._watching.get(key)) is None:
            found = self._watching[key] = tuple(rule for rule in self.rules if watches(rule.condition, *key))
        return found


def watches(condition: Any, mode: Mode | None, *has: bool) -> bool:
    """Return whether a condition may have a stretch."""
    is_kept = condition.kept_in is None or has[FIELDS.index(condition.kept_in)]
    return is_kept and condition.watches(mode)


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
