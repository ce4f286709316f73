"""Counts of some complaints only, by expressions that are published meanwhile: the engine agrees with the oracle."""

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Final
from uuid import UUID

import pytest

from contracts.followup import ComplaintRaised
from services.alerts.engine.rings import SIZE
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.shapes import Count
from services.alerts.shipped.rules import INACTIVITY
from tests.silence.broken_engines import BROKEN_FOR_SELECTIONS
from tests.silence.delivery import AnyStep, ask
from tests.silence.engines import Engine
from tests.silence.histories import FEEDS, FOLLOWUP, START, Facts, Life, complaint, stored
from tests.silence.test_all_facts import differences
from tests.silence.whole_lives import OFTEN, OTHERWISE, Conditions, all_deliveries, live_fully, merges
from tests.support.oracle_of_all_facts import COUNT, SELECTIONS, OracleOfAllFacts

HISTORIES: Final = 100
HISTORIES_A_NIGHT: Final = 2_000
BLOCK: Final = 50
MOST_COMPLAINTS: Final = 8
CONDITIONS: Final[Conditions] = {
    **OTHERWISE,
    COUNT: [
        *(
            Count(signal="complaint", times=times, days=days, counts=counts)
            for counts in SELECTIONS
            for times, days in ((1, 10), (2, 30), (3, 60))
        ),
        Count(signal="complaint", times=3, days=30),
    ],
}


def make_up_complaints(random: Random) -> Facts:
    """Return the records of two to four customers with many complaints. The first may represent the others.

    All complaints fit in one ring, because the oracle forgets nothing.
    """
    lives = [Life(random, START, UUID(int=random.getrandbits(128), version=4)) for _ in range(random.randint(2, 4))]
    for life in lives:
        live_fully(life)
    for life in lives:
        for _ in range(min(random.randint(0, MOST_COMPLAINTS), SIZE - complaints_of(lives))):
            complaint(life)
    for life in lives[1:]:
        merges(life, lives[0].customer_id)
    return {feed: stored([fact for life in lives for fact in life.facts[feed]]) for feed in FEEDS}


def complaints_of(lives: Sequence[Life]) -> int:
    return sum(isinstance(fact.event, ComplaintRaised) for life in lives for fact in life.facts[FOLLOWUP])


def begins_with(random: Random) -> RuleBook:
    condition = random.choice(CONDITIONS[COUNT])
    return RuleBook(rules=(INACTIVITY, OFTEN.model_copy(update={"condition": condition})))


def live(kind: type[Engine], seed: int) -> tuple[Engine, OracleOfAllFacts, list[AnyStep]]:
    """Deliver one history to an engine and to the oracle."""
    random = Random(seed)  # noqa: S311 - not for secrets
    facts, book = make_up_complaints(random), begins_with(random)
    steps = all_deliveries(random, facts, book, CONDITIONS)
    engine, oracle = kind(book), OracleOfAllFacts(book)
    for step in steps:
        engine.take(facts, step)
    ask(oracle, facts, steps)
    return engine, oracle, steps


def check(first: int, until: int) -> None:
    for seed in range(first, until):
        engine, oracle, _ = live(Engine, seed)
        assert differences(engine, oracle) == [], f"seed {seed}"


@pytest.mark.parametrize("first", range(1, HISTORIES, BLOCK))
def test_the_engine_counts_what_the_oracle_counts(first: int) -> None:
    check(first, first + BLOCK)


@pytest.mark.nightly
@pytest.mark.parametrize("first", range(HISTORIES + 1, HISTORIES_A_NIGHT, BLOCK))
def test_the_engine_counts_what_the_oracle_counts_in_many_histories(first: int) -> None:
    check(first, first + BLOCK)


@pytest.mark.parametrize("broken", BROKEN_FOR_SELECTIONS, ids=lambda broken: broken.__name__)
def test_a_broken_variant_is_detected(broken: type[Engine]) -> None:
    assert any(differences(*live(broken, seed)[:2]) for seed in range(1, HISTORIES))


def test_every_expression_raises_and_ends_alerts_and_few_histories_are_undecided() -> None:
    lives = [live(Engine, seed) for seed in range(1, BLOCK)]
    assert sum(oracle.is_undecided for _, oracle, _ in lives) < BLOCK / 5
    told = Counter(said.kind for engine, _, _ in lives for said in engine.said)
    assert told.keys() >= {"raised", "cleared", "carried-away", "carried-in"}
