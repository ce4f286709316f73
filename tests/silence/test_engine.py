"""A thousand random histories, delivered with lag, duplicates and restarts: the engine must agree with the oracle."""

import os
from collections import Counter
from random import Random

import pytest

from contracts.customer import Kind, Registered, TierChanged
from services.alerts.detection.evaluation import EMPTY, raise_due, receive
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.shapes import Owed
from services.alerts.shipped.rules import INACTIVITY, MISSED_FOLLOW_UP, UNANSWERED_COMPLAINT
from tests.silence.delivery import deliveries, in_order, what_is_right
from tests.silence.engines import BROKEN, Engine
from tests.silence.histories import make_up
from tests.support.customer_life import CUSTOMER, day, envelope
from tests.support.oracle_of_silence import Oracle
from tests.support.rule_books import THREE_RULES

HISTORIES = int(os.environ.get("CARE_SILENCE_HISTORIES", "1000"))
FIRST_SEED = int(os.environ.get("CARE_SILENCE_SEED", "1"))
BLOCK = 100
TRIED_ON_A_VARIANT = 150
GRACE = MISSED_FOLLOW_UP.model_copy(update={"condition": Owed(item="task", grace_minutes=90)})
WITH_GRACE = RuleBook(rules=(INACTIVITY, GRACE, UNANSWERED_COMPLAINT))


def rules_of(seed: int) -> RuleBook:
    return WITH_GRACE if seed % 4 == 0 else THREE_RULES


def live_through(kind: type[Engine], seed: int) -> tuple[Engine, Oracle]:
    """Deliver one history to an engine and to the oracle."""
    random = Random(seed)  # noqa: S311 - not for secrets
    facts = make_up(random)
    steps = list(deliveries(random, facts))
    engine = kind(rules_of(seed))
    for step in steps:
        engine.take(facts, step)
    return engine, what_is_right(facts, steps, rules_of(seed))


def agree(engine: Engine, oracle: Oracle) -> bool:
    return in_order(engine.said) == in_order(oracle.said) and engine.open() == set(oracle.open)


@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + HISTORIES, BLOCK))
def test_the_engine_has_the_same_alerts_at_the_same_times_as_the_oracle(first: int) -> None:
    for seed in range(first, min(first + BLOCK, FIRST_SEED + HISTORIES)):
        engine, oracle = live_through(Engine, seed)
        assert in_order(engine.said) == in_order(oracle.said), f"seed {seed}"
        assert engine.open() == set(oracle.open), f"seed {seed}"


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_a_broken_variant_is_detected(broken: type[Engine]) -> None:
    assert any(not agree(*live_through(broken, seed)) for seed in range(1, TRIED_ON_A_VARIANT))


def test_the_histories_cause_every_kind_of_alert_change() -> None:
    told = Counter(
        (said.episode.rule_id, said.kind) for seed in range(1, 401) for said in live_through(Engine, seed)[1].said
    )
    kinds = {"raised", "cleared", "withdrawn"}
    wanted = {(rule, kind) for rule in ("inactivity", "missed-follow-up", "unanswered-complaint") for kind in kinds}
    wanted |= {("inactivity", "moved"), ("inactivity", "readdressed")}
    assert set(told) == wanted
    assert min(told.values()) >= 10


def test_an_evaluation_of_an_earlier_instant_ends_no_alert_that_an_event_has_kept_open() -> None:
    vip = [envelope(event, 0) for event in (Registered(kind=Kind.COMPANY), TierChanged(scheme="default", tier="vip"))]
    memory, _ = receive(CUSTOMER, EMPTY, vip, THREE_RULES, day(0))
    memory, raised = raise_due(CUSTOMER, memory, THREE_RULES, day(10), day(10))
    growth = [envelope(TierChanged(scheme="default", tier="growth"), 14.5)]
    memory, ended = receive(CUSTOMER, memory, growth, THREE_RULES, day(14.5))
    _, after = raise_due(CUSTOMER, memory, THREE_RULES, day(14.5), day(13.9))
    assert (len(raised), list(ended), list(after)) == (1, [], [])
