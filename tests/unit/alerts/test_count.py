"""Counts agree with a brute-force oracle that looks at every instant."""

from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID

import pytest
from pydantic import ValidationError

from contracts.customer import Stage
from services.alerts.engine.facts import Facts
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.rings import SIZE, Entry, micros_of, pack, unpack, with_entry
from services.alerts.engine.shapes import Count
from tests.support.customer_life import day

ZONE = "Asia/Shanghai"


def facts_of(occurrences: list[Occurrence]) -> Facts:
    rings = {"complaint": pack(map(entry, occurrences), SIZE)}
    return Facts(registered=occurrences[0], is_complete=True, stage=Stage.NEW, rings=rings)


def entry(occurrence: Occurrence) -> Entry:
    return Entry(micros_of(occurrence.at), occurrence.cause.bytes)


def made_up(random: Random) -> list[Occurrence]:
    """Return up to SIZE occurrences; some share an instant, and some are exactly a window apart."""
    count = random.randint(1, SIZE)
    return [Occurrence(day(random.randint(0, 120) / 2), UUID(int=random.getrandbits(128))) for _ in range(count)]


def holds_at(occurrences: list[Occurrence], rule: Count, instant: datetime) -> bool:
    window = timedelta(days=rule.days)
    return sum(each.at <= instant < each.at + window for each in occurrences) >= rule.times


@pytest.mark.parametrize("seed", range(300))
def test_a_count_holds_exactly_while_there_are_as_many_in_the_window(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - not for secrets
    occurrences = made_up(random)
    rule = Count(signal="complaint", times=random.randint(1, 5), days=random.randint(1, 30))
    stretches = list(rule.stretches(facts_of(occurrences), ZONE))
    for instant in (day(hours / 12) for hours in range(12 * 95)):
        said = any(each.due_at <= instant < each.closes_at for each in stretches)
        assert said == holds_at(occurrences, rule, instant), instant
    assert all(before.closes_at < after.due_at for before, after in pairwise(stretches))


def test_neither_order_nor_repetition_changes_a_ring() -> None:
    occurrences = made_up(Random(7))  # noqa: S311 - not for secrets
    packed = pack(map(entry, occurrences), SIZE)
    for number in range(5):
        by_and_by = ""
        for each in Random(number).sample(occurrences * 2, 2 * len(occurrences)):  # noqa: S311 - not for secrets
            by_and_by = with_entry(by_and_by, entry(each), SIZE)
        assert by_and_by == packed
    assert [each.occurrence for each in unpack(packed)] == sorted(occurrences, key=lambda each: (each.at, each.cause))
    newest = ""
    for number in range(5):
        newest = with_entry(newest, Entry(number, UUID(int=number).bytes), 3)
    assert [each.at for each in unpack(newest)] == [2, 3, 4]


def test_a_full_ring_may_have_forgotten_the_beginning() -> None:
    many = [Occurrence(day(number), UUID(int=number)) for number in range(SIZE + 5)]
    (stretch,) = Count(signal="complaint", times=3, days=10).stretches(facts_of(many), ZONE)
    assert stretch.is_older
    (stretch,) = Count(signal="complaint", times=3, days=10).stretches(facts_of(many[: SIZE - 1]), ZONE)
    assert not stretch.is_older


def test_a_rule_cannot_count_more_than_is_kept() -> None:
    with pytest.raises(ValidationError, match=f"at most {SIZE} events"):
        Count(signal="complaint", times=SIZE + 1, days=10)
    assert Count(signal="touch", times=SIZE + 1, days=10).times == SIZE + 1
