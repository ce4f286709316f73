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
from services.alerts.engine.rings import (
    CONTACTS,
    HUMAN,
    ONLY,
    SIZE,
    SIZES,
    TOUCH,
    Entry,
    chunks,
    entries,
    latest_of,
    occurrence_of,
    pack,
    place_in_time,
    times,
    together,
    with_entry,
)
from services.alerts.engine.shapes import Count
from tests.support.customer_life import day

ZONE = "Asia/Shanghai"
RING = "complaint"


def facts_of(known: list[Occurrence]) -> Facts:
    rings = {RING: pack(map(entry, known), RING)}
    return Facts(registered=known[0], is_complete=True, stage=Stage.NEW, rings=rings)


def entry(occurrence: Occurrence) -> Entry:
    return Entry(place_in_time(occurrence.at), occurrence.cause.bytes, ONLY)


def made_up(random: Random) -> list[Occurrence]:
    """Return up to SIZE occurrences; some share an instant, and some are exactly a window apart."""
    count = random.randint(1, SIZE)
    return [Occurrence(day(random.randint(0, 120) / 2), UUID(int=random.getrandbits(128))) for _ in range(count)]


def holds_at(known: list[Occurrence], rule: Count, instant: datetime) -> bool:
    window = timedelta(days=rule.days)
    return sum(each.at <= instant < each.at + window for each in known) >= rule.times


@pytest.mark.parametrize("seed", range(300))
def test_a_count_holds_exactly_while_there_are_as_many_in_the_window(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - not for secrets
    known = made_up(random)
    rule = Count(signal="complaint", times=random.randint(1, 5), days=random.randint(1, 30))
    stretches = list(rule.stretches(facts_of(known), ZONE))
    for instant in (day(hours / 12) for hours in range(12 * 95)):
        said = any(each.due_at <= instant < each.closes_at for each in stretches)
        assert said == holds_at(known, rule, instant), instant
    assert all(before.closes_at < after.due_at for before, after in pairwise(stretches))


def test_neither_order_nor_repetition_changes_a_ring() -> None:
    known = made_up(Random(7))  # noqa: S311 - not for secrets
    packed = pack(map(entry, known), RING)
    for number in range(5):
        by_and_by = b""
        for each in Random(number).sample(known * 2, 2 * len(known)):  # noqa: S311 - not for secrets
            by_and_by = with_entry(by_and_by, entry(each), RING)
        assert by_and_by == packed
    in_order = sorted(known, key=lambda each: (each.at, each.cause))
    assert list(map(occurrence_of, chunks({RING: packed}, RING))) == in_order
    assert latest_of({RING: packed}, RING) == in_order[-1]
    newest = b""
    for number in range(SIZE + 3):
        newest = with_entry(newest, Entry(number, UUID(int=number).bytes, ONLY), RING)
    assert [each.at for each in entries(newest)] == list(range(3, SIZE + 3))


@pytest.mark.parametrize("seed", range(30))
def test_the_ring_of_contacts_keeps_the_newest_of_each_feature(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - not for secrets
    features = random.choice([(HUMAN, TOUCH, HUMAN | TOUCH), (HUMAN, HUMAN | TOUCH), (TOUCH,)])
    known = [Entry(random.randint(0, 60), UUID(int=number).bytes, random.choice(features)) for number in range(150)]
    packed = b""
    for each in random.sample(known * 2, 300):
        packed = with_entry(packed, each, CONTACTS)
    for name, bit in (("human-contact", HUMAN), ("touch", TOUCH)):
        expected = sorted(each[:2] for each in known if each.bits & bit)[-SIZES[name] :]
        assert [each[:2] for each in entries(packed) if each.bits & bit] == expected
        assert list(times({CONTACTS: packed}, name)) == [at for at, _ in expected]
    half = {CONTACTS: pack(known[:75], CONTACTS)}
    assert together(half, {CONTACTS: pack(known[75:], CONTACTS)}) == {CONTACTS: packed}


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
