"""After an event, rules that it only delays are not judged. The alerts are the same as if all rules were judged."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from random import Random
from typing import Any, TypeAlias
from uuid import UUID

import pytest

from contracts.alerts import Backlog
from contracts.customer import OrderCancelled, Registered
from contracts.event import Envelope
from services.alerts.detection import evaluation
from services.alerts.detection.evaluation import EMPTY, judged_after, raise_due, receive
from services.alerts.detection.memory import Memory
from services.alerts.engine.changes import Ending
from services.alerts.engine.episodes import Change, CustomerState
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.raising import Begun
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.rule_set import RuleSet
from services.alerts.engine.shapes import Trend
from services.alerts.shipped.rules import DEFAULT_RULES
from tests.silence.histories import START
from tests.silence.test_every_rule import DAYS, life

LIVES = 60
END = START + timedelta(days=DAYS + 400)
PUBLISHED = Occurrence(START + timedelta(days=200), UUID(int=1))
# Of each rule, what was overdue 200 days after the start is skipped.
SKIPPING = RuleBook(
    rules=tuple(
        rule.model_copy(update={"published": PUBLISHED, "backlog": Backlog.SKIP}) for rule in DEFAULT_RULES.rules
    )
)
# Without other rules, nothing else brings a trend's look forward.
TRENDS = RuleBook(rules=tuple(rule for rule in DEFAULT_RULES.rules if isinstance(rule.condition, Trend)))
# The kind of change, the alert, and when it began or ended.
Told: TypeAlias = tuple[type[Change], UUID, datetime]


def live(envelopes: list[Envelope[Any]], rules: RuleBook) -> list[Told]:
    """Return what is told of one customer, which is looked at whenever it is due."""
    known, told, at = EMPTY, list[Told](), START
    for envelope in envelopes:
        known, changes = looked(envelope.subject, known, rules, at, envelope.recorded_at)
        told += changes
        at = envelope.recorded_at
        known, ended = receive(envelope.subject, known, [envelope], rules, at)
        told += [said(change) for change, _ in ended]
    return told + looked(envelopes[0].subject, known, rules, at, END)[1]


def looked(
    customer_id: UUID, known: Memory, rules: RuleBook, at: datetime, until: datetime
) -> tuple[Memory, list[Told]]:
    """Look at a customer whenever it is due from an instant until before another. No look is before an earlier one."""
    told = list[Told]()
    while (now := max(known.next_due_at, at)) < until:
        known, changes = raise_due(customer_id, known, rules, now, now)
        told += map(said, changes)
    return known, told


def said(change: Change) -> Told:
    match change:
        case Begun(instant=instant):
            return Begun, change.alert_id, instant
        case Ending(ends_at=ends_at):
            return Ending, change.alert_id, ends_at
        case _:
            return type(change), change.alert_id, START


def lives(seed: int) -> list[list[Envelope[Any]]]:
    """Return the events of each customer. Half of the customers are registered later than they are contacted."""
    random = Random(seed)  # noqa: S311 - not for secrets
    facts = [later(each, random) for each in chain.from_iterable(life(random).values())]
    by_customer: dict[UUID, list[Envelope[Any]]] = defaultdict(list)
    for each in sorted(facts, key=lambda each: each.recorded_at):
        if not isinstance(each.event, OrderCancelled):
            by_customer[each.subject].append(each)
    return list(by_customer.values())


def later(envelope: Envelope[Any], random: Random) -> Envelope[Any]:
    if not isinstance(envelope.event, Registered):
        return envelope
    at = START + timedelta(days=random.choice((0, random.uniform(0, DAYS / 2))))
    return replace(envelope, occurred_at=at, recorded_at=at)


def judge_all(envelope: Envelope[Any], _state: CustomerState, rules: RuleBook, _due: datetime) -> RuleSet:
    return rules.hearing(type(envelope.event)).every


def forget_what_was_skipped(
    envelope: Envelope[Any], state: CustomerState, rules: RuleBook, next_due_at: datetime
) -> RuleSet:
    without = RuleBook(rules=tuple(each.model_copy(update={"backlog": None}) for each in rules.rules))
    ids = judged_after(envelope, state, without, next_due_at).ids
    return RuleSet(each for each in rules.rules if each.id in ids)


def ignore_the_registration(envelope: Envelope[Any], state: CustomerState, rules: RuleBook, _due: datetime) -> RuleSet:
    heard = rules.hearing(type(envelope.event))
    is_open = {each.rule_id for each in state.open.values()}
    return heard.without((heard.delayed if state.facts.registered else frozenset()) - is_open)


def ignore_what_is_open(
    envelope: Envelope[Any], state: CustomerState, rules: RuleBook, next_due_at: datetime
) -> RuleSet:
    return judged_after(envelope, CustomerState(state.facts), rules, next_due_at)


def skip_all_trends(envelope: Envelope[Any], _state: CustomerState, rules: RuleBook, _due: datetime) -> RuleSet:
    heard = rules.hearing(type(envelope.event))
    return heard.without(heard.measured)


def ignore_stated_contacts(envelope: Envelope[Any], state: CustomerState, rules: RuleBook, _due: datetime) -> RuleSet:
    heard = rules.hearing(type(envelope.event))
    return heard.without(heard.stated - {each.rule_id for each in state.open.values()})


def differs(monkeypatch: pytest.MonkeyPatch, judging: Any, rules: RuleBook, seeds: range) -> bool:
    """Return whether it makes a difference which rules are judged."""
    for each in chain.from_iterable(map(lives, seeds)):
        told = live(each, rules)
        with monkeypatch.context() as patch:
            patch.setattr(evaluation, "judged_after", judging)
            if live(each, rules) != told:
                return True
    return False


@pytest.mark.parametrize("rules", [DEFAULT_RULES, SKIPPING, TRENDS], ids=["shipped", "skipping", "trends"])
def test_the_alerts_are_those_of_all_rules(monkeypatch: pytest.MonkeyPatch, rules: RuleBook) -> None:
    assert not differs(monkeypatch, judge_all, rules, range(LIVES))


@pytest.mark.parametrize("broken", [ignore_the_registration, ignore_what_is_open, ignore_stated_contacts])
def test_a_wrong_choice_of_rules_is_detected(monkeypatch: pytest.MonkeyPatch, broken: Any) -> None:
    assert differs(monkeypatch, broken, DEFAULT_RULES, range(LIVES))


def test_a_skipped_backlog_that_is_forgotten_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    assert differs(monkeypatch, forget_what_was_skipped, SKIPPING, range(LIVES))


def test_trends_that_are_never_judged_after_an_event_are_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    assert differs(monkeypatch, skip_all_trends, TRENDS, range(LIVES))
