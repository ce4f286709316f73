"""Rules that do not watch a customer have no stretch, so no alert is missed when they are left out."""

from collections.abc import Iterator
from itertools import chain
from uuid import UUID

import pytest

from contracts.followup import Guard
from services.alerts.engine import rule_set
from services.alerts.engine.facts import Facts, Warned
from services.alerts.engine.findings import find
from services.alerts.engine.folds import evolve
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.rule import Rule
from services.alerts.engine.rule_set import FIELDS, RuleSet
from services.alerts.engine.zone import BUSINESS_ZONE
from services.alerts.shipped.rules import DEFAULT_RULES
from tests.silence.histories import START
from tests.silence.test_skipped_rules import lives

LIVES = 20


def all_facts() -> Iterator[Facts]:
    """Yield what is known of some customers after each of their events."""
    for life in chain.from_iterable(map(lives, range(LIVES))):
        facts = Facts()
        for envelope in life:
            facts = evolve(facts, envelope)
            yield facts


def left_out(facts: Facts, rules: RuleSet) -> list[Rule]:
    watching = {rule.id for rule in rules.watching(facts)}
    return [rule for rule in rules.rules if rule.id not in watching]


def has_stretch(rule: Rule, facts: Facts) -> bool:
    return facts.registered is not None and bool(list(rule.condition.stretches(facts, BUSINESS_ZONE)))


def test_rules_that_are_left_out_have_no_stretch() -> None:
    rules, seen, skipped = RuleSet(DEFAULT_RULES.rules), set[str](), set[str]()
    for facts in all_facts():
        out = left_out(facts, rules)
        assert not [rule.id for rule in out if has_stretch(rule, facts)]
        skipped |= {rule.id for rule in out}
        seen |= {rule.id for rule in rules.watching(facts)}
    assert seen == skipped == rules.ids


def test_a_field_that_is_mistaken_for_another_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_set, "FIELDS", FIELDS[::-1])
    rules = RuleSet(DEFAULT_RULES.rules)
    assert any(has_stretch(rule, facts) for facts in all_facts() for rule in left_out(facts, rules))


def test_the_guards_of_a_duplicate_are_watched() -> None:
    seen = Occurrence(START, UUID(int=1))
    duplicate = Facts(registered=seen, guards={Guard.NO_INTENT: Warned(seen)})
    survivor = Facts(registered=seen, absorbed={UUID(int=2): duplicate})
    assert "chased-without-intent" in {finding.rule.id for finding in find(survivor, DEFAULT_RULES)}
