"""Histories of merged customers, guards, counts and changing rules: the engine must agree with the oracle."""

import os
from collections import Counter
from random import Random

import pytest

from tests.silence.delivery import ask, in_order
from tests.silence.engines import Engine
from tests.silence.whole_lives import SIX_RULES, all_deliveries, make_up_all
from tests.support.oracle_of_all_facts import OracleOfAllFacts

FIRST_SEED = int(os.environ.get("CARE_SILENCE_SEED", "1"))
HISTORIES = 150
HISTORIES_A_NIGHT = 2_000
BLOCK = 50


def live_through_all(kind: type[Engine], seed: int) -> tuple[Engine, OracleOfAllFacts]:
    """Deliver one history to an engine and to the oracle."""
    random = Random(seed)  # noqa: S311 - not for secrets
    facts = make_up_all(random)
    steps = all_deliveries(random, facts)
    engine, oracle = kind(SIX_RULES), OracleOfAllFacts(SIX_RULES)
    for step in steps:
        engine.take(facts, step)
    ask(oracle, facts, steps)
    return engine, oracle


def check(first: int) -> None:
    for seed in range(first, first + BLOCK):
        engine, oracle = live_through_all(Engine, seed)
        assert in_order(engine.said) == in_order(oracle.said), f"seed {seed}"
        assert engine.open() == {each.episode for each in oracle.open}, f"seed {seed}"


@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + HISTORIES, BLOCK))
def test_the_engine_has_the_episodes_of_the_oracle(first: int) -> None:
    check(first)


@pytest.mark.nightly
@pytest.mark.parametrize("first", range(FIRST_SEED + HISTORIES, FIRST_SEED + HISTORIES_A_NIGHT, BLOCK))
def test_the_engine_has_the_episodes_of_the_oracle_in_many_histories(first: int) -> None:
    check(first)
