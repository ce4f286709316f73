"""Delivers records to the engine: late, twice, in random batches, with lagging feeds, evaluations and restarts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeAlias

from contracts.event import Envelope
from services.alerts.engine.rule_book import RuleBook
from tests.silence.histories import FEEDS, Facts
from tests.support.oracle_of_all_facts import OracleOfAllFacts
from tests.support.oracle_of_silence import Oracle, Said

AnyOracle: TypeAlias = Oracle | OracleOfAllFacts
LONGEST_LIMIT = timedelta(days=130)
PAUSES = (timedelta(minutes=1), timedelta(hours=12), timedelta(days=2), timedelta(days=5))


@dataclass(frozen=True, slots=True)
class Delivered:
    """Records of one feed from `first` to `last`, some of them redelivered."""

    now: datetime
    feed: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Marked:
    """A watermark: no event of the feed recorded before `now` is missing."""

    now: datetime
    feed: str


@dataclass(frozen=True, slots=True)
class Looked:
    now: datetime


@dataclass(frozen=True, slots=True)
class Restarted:
    pass


@dataclass(frozen=True, slots=True)
class Published:
    """Another book is in force, and all customers are judged again."""

    now: datetime
    book: RuleBook


Step: TypeAlias = Delivered | Marked | Looked | Restarted
AnyStep: TypeAlias = Step | Published


def deliveries(random: Random, facts: Facts) -> Iterator[Step]:
    """Yield the steps of one delivery, up to the last record and until every silence has exceeded its limit."""
    now = min(fact.recorded_at for feed in FEEDS for fact in facts[feed])
    done = dict.fromkeys(FEEDS, 0)
    lagging, lags_until = random.choice(FEEDS), now + timedelta(days=random.choice((0, 0, 40)))
    while any(done[feed] < len(facts[feed]) for feed in FEEDS):
        now += random.choice(PAUSES)
        yield from restart_or_not(random)
        for feed in random.sample(FEEDS, 2):
            if feed == lagging and now < lags_until:
                continue
            here = sum(fact.recorded_at <= now for fact in facts[feed])
            yield from (deliver := list(some(random, now, feed, done[feed], here)))
            done[feed] = max([done[feed], *(step.last for step in deliver)])
            if done[feed] == here and random.random() < 0.7:
                yield Marked(now, feed)
        if random.random() < 0.8:
            yield Looked(now)
    yield from until_all_is_too_long(now)


def some(random: Random, now: datetime, feed: str, done: int, here: int) -> Iterator[Delivered]:
    """Cut what is new into batches; each may begin with records that came before."""
    while done < here and random.random() < 0.8:
        last = random.randint(done + 1, here)
        yield Delivered(now, feed, random.choice((done, max(0, done - 3), 0)), last)
        done = last


def restart_or_not(random: Random) -> Iterator[Step]:
    if random.random() < 0.3:
        yield Restarted()


def until_all_is_too_long(now: datetime) -> Iterator[Step]:
    for days in (0, 1, 8, 31, 61):
        yield from (Marked(now + timedelta(days=days), feed) for feed in FEEDS)
        yield Looked(now + timedelta(days=days))
    yield from (Marked(now + LONGEST_LIMIT, feed) for feed in FEEDS)
    yield Looked(now + LONGEST_LIMIT)


def new_records(facts: Facts, step: Delivered, position: int) -> list[Envelope[Any]]:
    """Return what the consumer hands on: positions tell what it has had."""
    return [fact for fact in facts[step.feed][step.first : step.last] if fact.position > position]


def what_is_right(facts: Facts, steps: list[Step], rules: RuleBook) -> Oracle:
    """Ask the oracle of silence."""
    oracle = Oracle(rules)
    ask(oracle, facts, steps)
    return oracle


def ask(oracle: AnyOracle, facts: Facts, steps: Sequence[AnyStep]) -> None:
    """Tell an oracle each record once, and how far each feed is complete."""
    heard = dict.fromkeys(FEEDS, 0)
    complete: dict[str, datetime] = {}
    for step in steps:
        match step:
            case Delivered(now, feed):
                new = facts[feed][heard[feed] : step.last]
                for fact in by_customer(new):
                    oracle.hear(fact, now)
                if new:
                    complete[feed] = max(new[-1].recorded_at, complete.get(feed, new[-1].recorded_at))
                heard[feed] = max(heard[feed], step.last)
            case Marked(now, feed):
                complete[feed] = now
            case Looked(now) if len(complete) == len(FEEDS):
                oracle.look(min(now, *complete.values()), now)
            case Published(now, book):
                oracle.publish(book, now)
            case Looked() | Restarted():
                pass


def by_customer(batch: list[Envelope[Any]]) -> list[Envelope[Any]]:
    """Return a batch as the engine works on it: one customer after the other."""
    first = {fact.subject: -fact.position for fact in reversed(batch)}
    return sorted(batch, key=lambda fact: (-first[fact.subject], fact.position))


def in_order(said: list[Said]) -> list[Said]:
    return sorted(said, key=lambda each: (each.at, str(each.episode), each.kind))
