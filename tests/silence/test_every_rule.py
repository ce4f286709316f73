"""Random lives with every event that the engine evaluates, under all shipped rules.

The memory that is derived from the fact log equals the maintained one, and a restart changes nothing.
"""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any, cast
from uuid import UUID

import pytest

from chassis.postgres.database import transaction
from chassis.store.mapper import EventMapper
from contracts import customer, followup
from contracts.customer import OrderCancelled, OrderPlaced, Registered
from contracts.event import Envelope, Event
from contracts.examples import EXAMPLES, example
from contracts.topics import CUSTOMER_EVENTS
from services.alerts.detection.derivation import Derivation
from services.alerts.detection.received import EVALUATED
from services.alerts.shipped.rules import DEFAULT_RULES
from tests.silence.conftest import Databases
from tests.silence.delivery import Delivered, Looked, Marked, Restarted, Step
from tests.silence.histories import CUSTOMER, FEEDS, FOLLOWUP, START, Facts, stored
from tests.silence.test_derivation import stored as tables
from tests.silence.test_detection import Live, told
from tests.support import customer_life

LIVES = 12
EVENTS = 120
DAYS = 500
LEFT_OUT = (customer.CustomerErased, customer.KeyContactErased, customer.Merged, customer.Unmerged, Registered)
TYPES = sorted((each for each in EVALUATED if each not in LEFT_OUT), key=lambda each: each.__name__)
OFTEN = (followup.ContactLogged, OrderPlaced, followup.SurveyAnswered, followup.ComplaintRaised, OrderCancelled)


def life(random: Random) -> Facts:
    """Return the facts of a few customers: events of any type, some late, on few streams."""
    ids = [UUID(int=random.getrandbits(128), version=4) for _ in range(3)]
    facts: dict[str, list[Envelope[Any]]] = {feed: [] for feed in FEEDS}
    for each in ids:
        facts[CUSTOMER].append(fact(example(Registered), each, each, 0.0, 0.0))
    placed: list[tuple[UUID, UUID]] = []
    for _ in range(EVENTS):
        subject = random.choice(ids)
        kind = cast("type[Event]", random.choice((*TYPES, *OFTEN, *OFTEN)))
        at = random.uniform(0, DAYS)
        # No stream of one service has the id of a stream of another one.
        first = 1 if kind in CUSTOMER_EVENTS.events else 11
        number = random.getrandbits(128) if kind is OrderPlaced else random.randint(first, first + 8)
        stream = UUID(int=number, version=4)
        if kind is OrderPlaced:
            placed.append((subject, stream))
        elif kind is OrderCancelled:
            if not placed:
                continue
            subject, stream = placed.pop()
        recorded = at + random.choice((0, 0, 0, 1, 30)) if kind is not OrderCancelled else DAYS + 40.0
        feed = CUSTOMER if kind in CUSTOMER_EVENTS.events else FOLLOWUP
        facts[feed].append(fact(changed(random, EXAMPLES[kind]), subject, stream, at, recorded))
    return {feed: stored(facts[feed]) for feed in FEEDS}


def fact(event: Event, subject: UUID, stream: UUID, at: float, recorded: float) -> Envelope[Any]:
    return replace(customer_life.envelope(event, at, recorded=recorded, stream=stream), subject=subject)


def changed(random: Random, event: Event) -> Event:
    """Return an event with some other values, so that rules of every shape are broken now and then."""
    match event:
        case followup.ContactLogged():
            return event.model_copy(update={"automated": random.random() < 0.3})
        case customer.StageChanged():
            return event.model_copy(update={"stage": random.choice(list(customer.Stage))})
        case followup.SurveyAnswered():
            return event.model_copy(update={"score": random.randint(event.question.lowest, event.question.highest)})
        case customer.CompetitorSeen():
            return event.model_copy(update={"is_cheaper": True})
        case _:
            return event


def steps(random: Random, facts: Facts) -> list[Step]:
    """Deliver everything in small batches, in the order of recording; look and restart now and then."""
    found: list[Step] = []
    done, now = dict.fromkeys(FEEDS, 0), START
    while any(done[feed] < len(facts[feed]) for feed in FEEDS):
        now += timedelta(days=random.choice((3, 10, 25)))
        for feed in FEEDS:
            here = sum(each.recorded_at <= now for each in facts[feed])
            if here > done[feed]:
                found.append(Delivered(now, feed, done[feed], here))
                done[feed] = here
            found.append(Marked(now, feed))
        found += [Looked(now)] * 3
        if random.random() < 0.3:
            found.append(Restarted())
    return found


@pytest.mark.parametrize("seed", range(LIVES))
async def test_the_derived_memory_is_the_maintained_one_under_every_rule(databases: Databases, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - not for secrets
    facts, live = life(random), Live(databases.app, DEFAULT_RULES)
    for step in steps(random, facts):
        await live.take(facts, step)
    maintained = await tables(databases.app)
    async with transaction(databases.owner) as held:
        await Derivation(EventMapper(), DEFAULT_RULES).derive_all(held)
    assert await tables(databases.app) == maintained
    raised = Counter(each.episode.rule_id for each in await told(databases.app) if each.kind == "raised")
    assert len(raised) >= 5
    assert not [each for each in await told(databases.app) if each.kind == "withdrawn" and each.ends_at is None]
