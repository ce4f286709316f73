"""A thousand random histories, delivered as badly as the live service may meet them, against the oracle of silence."""

import os
from collections import Counter
from random import Random

import pytest

from contracts.customer import Kind, Registered, TierChanged
from services.alerts.detection.detector import raise_due, receive
from services.alerts.detection.memory import Memory
from services.alerts.engine.episodes import CustomerState
from services.alerts.engine.findings import NEVER_DUE
from services.alerts.engine.rules import DEFAULT_RULES, RuleBook
from tests.silence.delivery import deliveries, in_order, what_is_right
from tests.silence.histories import make_up
from tests.silence.watchers import BROKEN, Watcher
from tests.support.customer_life import CUSTOMER, day, envelope
from tests.support.oracle_of_silence import Oracle

HISTORIES = int(os.environ.get("CARE_SILENCE_HISTORIES", "1000"))
FIRST_SEED = int(os.environ.get("CARE_SILENCE_SEED", "1"))
BLOCK = 100
TRIED_ON_A_TWIN = 150
WITH_GRACE = DEFAULT_RULES.model_copy(
    update={"missed_follow_up": DEFAULT_RULES.missed_follow_up.model_copy(update={"grace_minutes": 90})}
)


def rules_of(seed: int) -> RuleBook:
    return WITH_GRACE if seed % 4 == 0 else DEFAULT_RULES


def live_through(kind: type[Watcher], seed: int) -> tuple[Watcher, Oracle]:
    """Deliver one history to a watcher and to the oracle."""
    random = Random(seed)  # noqa: S311 - not for secrets
    facts = make_up(random)
    steps = list(deliveries(random, facts))
    watcher = kind(rules_of(seed))
    for step in steps:
        watcher.take(facts, step)
    return watcher, what_is_right(facts, steps, rules_of(seed))


def agree(watcher: Watcher, oracle: Oracle) -> bool:
    return in_order(watcher.said) == in_order(oracle.said) and watcher.open() == set(oracle.open)


@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + HISTORIES, BLOCK))
def test_the_engine_says_what_the_oracle_says_when_the_oracle_says_it(first: int) -> None:
    for seed in range(first, min(first + BLOCK, FIRST_SEED + HISTORIES)):
        watcher, oracle = live_through(Watcher, seed)
        assert in_order(watcher.said) == in_order(oracle.said), f"seed {seed}"
        assert watcher.open() == set(oracle.open), f"seed {seed}"


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_a_broken_twin_is_caught(broken: type[Watcher]) -> None:
    assert any(not agree(*live_through(broken, seed)) for seed in range(1, TRIED_ON_A_TWIN))


def test_the_histories_hold_all_that_can_be_said() -> None:
    told = Counter(
        (said.episode.rule_id, said.kind) for seed in range(1, 151) for said in live_through(Watcher, seed)[1].said
    )
    kinds = {"raised", "cleared", "withdrawn"}
    wanted = {(rule, kind) for rule in ("inactivity", "missed-follow-up", "unanswered-complaint") for kind in kinds}
    assert set(told) == wanted
    assert min(told.values()) >= 10


def test_a_look_behind_the_clock_ends_nothing_that_an_event_has_left_open() -> None:
    vip = [envelope(event, 0) for event in (Registered(kind=Kind.COMPANY), TierChanged(scheme="default", tier="vip"))]
    memory, _ = receive(CUSTOMER, Memory(CustomerState(), NEVER_DUE), vip, DEFAULT_RULES, day(0))
    memory, raised = raise_due(CUSTOMER, memory, DEFAULT_RULES, day(10), day(10))
    growth = [envelope(TierChanged(scheme="default", tier="growth"), 14.5)]
    memory, ended = receive(CUSTOMER, memory, growth, DEFAULT_RULES, day(14.5))
    _, after = raise_due(CUSTOMER, memory, DEFAULT_RULES, day(14.5), day(13.9))
    assert (len(raised), list(ended), list(after)) == (1, [], [])
