"""The events of alerts are made without validation. They are as validation would make them, under every rule."""

from collections.abc import Iterator
from dataclasses import replace as replaced
from datetime import timedelta, timezone
from itertools import chain
from typing import Any
from uuid import UUID, uuid5

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from contracts.alerts import AlertRaised, Backlog
from contracts.followup import TaskScheduled
from contracts.types import MAX_NAME, MAX_WORD
from services.alerts.engine import raising
from services.alerts.engine.care import Care
from services.alerts.engine.facts import Facts
from services.alerts.engine.findings import NAMESPACE, find
from services.alerts.engine.folds import evolve
from services.alerts.engine.measures import Interval, Volume
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.rule import Rule
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.shapes import Condition, Count, Owed, Trend
from services.alerts.engine.words import Words
from services.alerts.shipped.rules import DEFAULT_RULES
from tests.silence.histories import START
from tests.silence.test_skipped_rules import END, PUBLISHED, lives

LIVES = 12
CUSTOMER_ID = UUID(int=9)
LONG_TIER = "t" * MAX_WORD


def easily_broken(condition: Condition) -> Condition:
    """Return the condition with limits that random lives reach."""
    match condition:
        case Count():
            return condition.model_copy(update={"times": 2, "days": 200})
        case Trend(measure=Interval() as measure):
            easy = measure.model_copy(update={"percent": 101, "at_least": 3, "least_days": 1})
            return condition.model_copy(update={"measure": easy})
        case Trend(measure=Volume() as measure):
            return condition.model_copy(update={"measure": measure.model_copy(update={"at_least": 1})})
        case _:
            return condition


def kind_of(condition: Condition) -> str:
    return condition.measure.of if isinstance(condition, Trend) else condition.shape


def published(rule: Rule, number: int) -> Rule:
    """Return the rule with the longest texts, with a backlog, and, unless it is about tasks, with a care task."""
    is_of_tasks = isinstance(rule.condition, Owed) and rule.condition.item == "task"
    return rule.model_copy(
        update={
            "id": f"{number:0{MAX_WORD}}",
            "title": Words("x" * MAX_NAME, "字" * MAX_NAME),
            "condition": easily_broken(rule.condition),
            "published": PUBLISHED,
            "backlog": Backlog.DIGEST,
            "care": None if is_of_tasks else Care(hours=4),
        }
    )


LONGEST = RuleBook(rules=tuple(published(rule, number) for number, rule in enumerate(DEFAULT_RULES.rules)))


def all_facts() -> Iterator[Facts]:
    """Yield what is known of some customers after some of their events, with two tiers."""
    for life in chain.from_iterable(map(lives, range(LIVES))):
        facts = Facts()
        for number, envelope in enumerate(life, 1):
            facts = evolve(facts, envelope)
            if number % 3 == 0:
                yield from (facts, replace(facts, tier=LONG_TIER))


def raised(rules: RuleBook) -> Iterator[AlertRaised]:
    for facts in all_facts():
        for finding in find(facts, rules):
            if finding.due_at <= END:
                yield raising.begun(CUSTOMER_ID, facts, finding, rules, END).alert


def is_as_validated(alert: AlertRaised) -> bool:
    """Return whether validation accepts an alert and changes no value, no type, and not the order of the fields."""
    try:
        found = AlertRaised.model_validate(dict(alert))
    except ValidationError:
        return False
    if [(name, type(each), each) for name, each in found] != [(name, type(each), each) for name, each in alert]:
        return False
    # Equal instants may have different offsets.
    written = alert.model_dump_json()
    return found.model_dump_json() == written and AlertRaised.model_validate_json(written) == alert


@pytest.mark.parametrize("rules", [DEFAULT_RULES, LONGEST], ids=["shipped", "longest"])
def test_alerts_are_as_validation_would_make_them(rules: RuleBook) -> None:
    assert all(map(is_as_validated, raised(rules)))


def test_alerts_of_every_shape_are_compared() -> None:
    ids = {alert.rule_id for alert in raised(LONGEST)}
    kinds = {kind_of(rule.condition) for rule in LONGEST.rules}
    assert {kind_of(rule.condition) for rule in LONGEST.rules if rule.id in ids} == kinds
    assert kinds == {"silence", "owed", "told", "count", "level", "interval", "volume", "score"}


def test_an_alert_has_utc_times_wherever_its_facts_come_from() -> None:
    facts, life = Facts(), lives(0)[0]
    for envelope in life:
        facts = evolve(facts, envelope)
    east = START.astimezone(timezone(timedelta(hours=8)))
    task = TaskScheduled.model_construct(due_at=east, assignee_id="e1", alert_id=None, alert_rule=None)
    facts = evolve(facts, replaced(life[0], stream_id=UUID(int=5), event=task))
    due = [each for each in find(facts, DEFAULT_RULES) if each.since.at.tzinfo is east.tzinfo]
    assert [each.since for each in due] == [Occurrence(east, life[0].id)]
    assert is_as_validated(raising.begun(CUSTOMER_ID, facts, due[0], DEFAULT_RULES, east + timedelta(days=1)).alert)


def test_the_id_of_an_alert_is_the_uuid_of_its_key() -> None:
    keys = {alert.dedup_key: alert.alert_id for alert in raised(DEFAULT_RULES)}
    assert len(keys) > LIVES
    for key, alert_id in keys.items():
        assert (alert_id, alert_id.version) == (uuid5(NAMESPACE, key), 5)


@pytest.mark.parametrize(
    ("name", "value"), [("labels", {"tier": 1}), ("alert_id_of", str(UUID(int=1))), ("causes_of", ["x"])]
)
def test_a_part_that_is_not_valid_is_detected(monkeypatch: pytest.MonkeyPatch, name: str, value: Any) -> None:
    monkeypatch.setattr(raising, name, lambda *_: value)
    assert not any(map(is_as_validated, raised(DEFAULT_RULES)))
