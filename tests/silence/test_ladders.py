"""Random histories of alerts: the ladder must reach the rungs of the oracle, at its looks, for the same people."""

import os
from collections import Counter
from random import Random

import pytest

from tests.silence.broken_ladders import BROKEN_LADDERS
from tests.silence.ladder_happenings import Rung
from tests.silence.ladder_histories import make_up_ladders
from tests.silence.ladders import Ladder
from tests.support.oracle_of_ladders import OracleOfLadders

FIRST_SEED = int(os.environ.get("CARE_SILENCE_SEED", "1"))
HISTORIES = 150
HISTORIES_A_NIGHT = 2_000
BLOCK = 50
TRIED_ON_A_VARIANT = 150


def climb(kind: type[Ladder], seed: int) -> tuple[list[Rung], list[Rung]]:
    """Return what a ladder says in one history, and what is right."""
    ladder, oracle = kind(), OracleOfLadders()
    for happening in make_up_ladders(Random(seed)):  # noqa: S311 - not for secrets
        ladder.take(happening)
        oracle.take(happening)
    return ladder.said, oracle.said


def differences(said: list[Rung], right: list[Rung]) -> list[Rung]:
    """Return what only one of them said, the earliest first."""
    counts = Counter(said)
    counts.subtract(right)
    return sorted((each for each, count in counts.items() if count), key=lambda each: (each.at, each.level))


def check(first: int, until: int) -> None:
    for seed in range(first, until):
        assert differences(*climb(Ladder, seed)) == [], f"seed {seed}"


@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + HISTORIES, BLOCK))
def test_the_ladder_reaches_the_rungs_of_the_oracle(first: int) -> None:
    check(first, first + BLOCK)


@pytest.mark.nightly
@pytest.mark.parametrize("first", range(FIRST_SEED + HISTORIES, FIRST_SEED + HISTORIES_A_NIGHT, BLOCK))
def test_the_ladder_reaches_the_rungs_of_the_oracle_in_many_histories(first: int) -> None:
    check(first, first + BLOCK)


@pytest.mark.parametrize("broken", BROKEN_LADDERS, ids=lambda broken: broken.__name__)
def test_a_broken_ladder_is_detected(broken: type[Ladder]) -> None:
    assert any(differences(*climb(broken, seed)) for seed in range(1, TRIED_ON_A_VARIANT))


def test_the_histories_reach_every_kind_of_rung_and_let_people_wait() -> None:
    said = [rung for seed in range(1, 41) for rung in climb(Ladder, seed)[1]]
    whom = Counter((rung.whom, bool(rung.employee_ids)) for rung in said)
    assert whom.keys() >= {("owner", True), ("leader", True), ("operations", False), ("owner", False)}
    assert {rung.level for rung in said} >= {1, 2, 3, 4}
    assert any(rung.deliver_after for rung in said)
