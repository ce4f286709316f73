"""A look at a customer of which only items are due judges only the rules about items. The alerts stay the same."""

from collections import Counter
from datetime import timedelta
from itertools import chain
from random import Random
from uuid import uuid4

import pytest
from msgspec.structs import replace

from contracts.customer import OrderPlaced, Registered, Stage, StageChanged
from contracts.examples import example
from contracts.followup import TaskScheduled
from services.alerts.detection import evaluation
from services.alerts.detection.evaluation import EMPTY, raise_due, receive
from services.alerts.detection.memory import Memory
from services.alerts.engine.absorbing import with_absorbed
from services.alerts.engine.items import due_at, is_raised
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.stretch import ALWAYS_DUE, NEVER_DUE
from services.alerts.shipped.measured_rules import ORDERS_SLOWING
from services.alerts.shipped.rules import DEFAULT_RULES, INACTIVITY, MISSED_FOLLOW_UP
from tests.silence.test_skipped_rules import LIVES, SKIPPING, live, lives
from tests.support.customer_life import CUSTOMER, day, envelope

RULES = RuleBook(rules=(INACTIVITY, MISSED_FOLLOW_UP))
GONE = RuleBook(rules=(INACTIVITY,))


@pytest.fixture
def partly(monkeypatch: pytest.MonkeyPatch) -> list[Memory]:
    """The customers of which only items were judged."""
    found: list[Memory] = []
    original = evaluation.raise_items_due

    def judge(customer_id: object, known: Memory, *others: object) -> object:
        found.append(known)
        return original(customer_id, known, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(evaluation, "raise_items_due", judge)
    return found


def with_task_due(number: float) -> Memory:
    """Return a customer with a follow-up that is due on a day."""
    first, task = envelope(example(Registered), 0), example(TaskScheduled, due_at=day(number))
    return receive(CUSTOMER, EMPTY, [first, envelope(task, 1, stream=uuid4())], RULES, day(1))[0]


@pytest.mark.parametrize("rules", [DEFAULT_RULES, SKIPPING], ids=["shipped", "skipping"])
def test_the_alerts_are_those_of_all_rules(
    monkeypatch: pytest.MonkeyPatch, partly: list[Memory], rules: RuleBook
) -> None:
    every = list(chain.from_iterable(map(lives, range(LIVES))))
    told = [Counter(live(each, rules)) for each in every]
    assert len(partly) > LIVES
    partly.clear()
    with monkeypatch.context() as patch:
        patch.setattr(evaluation, "are_judged", lambda *_: False)
        assert [Counter(live(each, rules)) for each in every] == told
    assert not partly


def test_the_rest_is_judged_when_it_is_due_too(partly: list[Memory]) -> None:
    silent = with_task_due(400).rest_due_at
    for number, rules in ((10, {"missed-follow-up"}), (400, {"missed-follow-up", "inactivity"})):
        known = with_task_due(number)
        _, changes = raise_due(CUSTOMER, known, RULES, day(number), day(number))
        assert {each.episode.rule_id for each in changes} == rules  # type: ignore[union-attr]
    assert day(10) < silent < day(400)
    assert len(partly) == 1


def test_a_look_at_items_keeps_the_due_time_of_the_rest_and_knows_that_of_the_other_items() -> None:
    known = replace(with_task_due(10), others_due_at=day(20))
    after, (raised,) = raise_due(CUSTOMER, known, RULES, day(10), day(10))
    assert (after.rest_due_at, after.items_due_at) == (known.rest_due_at, day(20))
    assert after.rest.judged_until == day(10)
    assert list(after.state.open) == [str(raised.alert_id)]
    assert after.rest.open == {}


def test_an_order_is_measured_although_an_item_is_due_before_the_trend() -> None:
    """A look at the item does not judge the trend."""
    rules = RuleBook(rules=(ORDERS_SLOWING, MISSED_FOLLOW_UP))
    known, _ = receive(CUSTOMER, EMPTY, [envelope(example(Registered), 0)], rules, day(0))
    signed, task = StageChanged(previous=Stage.NEW, stage=Stage.SIGNED), example(TaskScheduled, due_at=day(20))
    events = [(0, signed), *((number, example(OrderPlaced)) for number in (1, 6, 11)), (15, task)]
    for number, event in (*events, (16, example(OrderPlaced))):
        stream = CUSTOMER if event is signed else uuid4()
        known, _ = receive(CUSTOMER, known, [envelope(event, number, stream=stream)], rules, day(number))
    assert known.items_due_at == day(20) < known.rest_due_at < NEVER_DUE
    known, _ = raise_due(CUSTOMER, known, rules, day(20), day(20))
    _, (slowing,) = raise_due(CUSTOMER, known, rules, known.rest_due_at, known.rest_due_at)
    assert slowing.episode.rule_id == ORDERS_SLOWING.id  # type: ignore[union-attr]


def test_a_bound_that_was_too_early_is_made_exact_for_both() -> None:
    known = replace(with_task_due(10), items={}, items_due_at=day(5), rest_due_at=day(6))
    after, changes = raise_due(CUSTOMER, known, RULES, day(5), day(5))
    assert not changes
    assert after.items_due_at == NEVER_DUE
    assert after.rest_due_at > day(6)


def test_an_open_alert_about_an_item_whose_rule_is_gone_ends(partly: list[Memory]) -> None:
    known, _ = raise_due(CUSTOMER, with_task_due(10), RULES, day(10), day(10))
    (item,) = known.items.values()
    assert due_at(with_absorbed(known.facts), item, GONE) == ALWAYS_DUE
    partly.clear()
    after, (ended,) = raise_due(CUSTOMER, known, GONE, day(11), day(11))
    assert ended.alert_id == next(iter(item.open.values())).alert_id
    assert not after.state.open
    assert not partly


def test_the_due_times_of_items_are_the_same_if_their_findings_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    random, checked = Random(1), 0  # noqa: S311 - not for secrets
    for each in chain.from_iterable(map(lives, range(LIVES))):
        known, _ = receive(each[0].subject, EMPTY, each, DEFAULT_RULES, each[-1].recorded_at)
        at = each[-1].recorded_at + timedelta(days=random.choice((0, 3, 30)))
        known, _ = raise_due(each[0].subject, known, DEFAULT_RULES, at, at)
        rest = with_absorbed(known.facts)
        for item in known.items.values():
            found = due_at(rest, item, DEFAULT_RULES)
            checked += bool(item.open) and is_raised(item, DEFAULT_RULES)
            with monkeypatch.context() as patch:
                patch.setattr("services.alerts.engine.items.is_raised", lambda *_: False)
                assert due_at(rest, item, DEFAULT_RULES) == found
    assert checked > LIVES
