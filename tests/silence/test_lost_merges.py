"""A restored customer store lost a merge, or the undoing of one: open alerts go on under the customer that has them."""

from collections import defaultdict
from dataclasses import replace
from uuid import UUID

import pytest

from chassis.postgres.database import transaction
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.customer import Kind, Merged, Registered, Unmerged
from contracts.followup import TaskScheduled
from contracts.topics import CUSTOMER_EVENTS
from services.alerts.detection.appending import MAX_ALERTS_AT_ONCE
from services.alerts.detection.derivation import Derivation
from services.alerts.detection.pending_changes import following
from tests.silence.conftest import Databases
from tests.silence.delivery import Delivered, Looked, Marked
from tests.silence.histories import CUSTOMER, FEEDS, FOLLOWUP, Facts
from tests.silence.test_derivation import stored
from tests.silence.test_detection import Live
from tests.support import customer_life
from tests.support.customer_life import day
from tests.support.rule_books import THREE_RULES

FIRST, SECOND = UUID(int=31, version=4), UUID(int=32, version=4)
MANY = MAX_ALERTS_AT_ONCE + 20
READ_ALL = 100_000


def lives(tasks: int) -> Facts:
    """Return the facts of two silent customers. The second one has overdue tasks, is merged and released."""
    events = [
        (CUSTOMER, FIRST, FIRST, Registered(kind=Kind.COMPANY), 0.0),
        (CUSTOMER, SECOND, SECOND, Registered(kind=Kind.COMPANY), 0.1),
        *(
            (FOLLOWUP, SECOND, UUID(int=100 + each, version=4), TaskScheduled(due_at=day(5), assignee_id="li"), 1.0)
            for each in range(tasks)
        ),
        (CUSTOMER, SECOND, SECOND, Merged(into_customer_id=FIRST), 41.0),
        (CUSTOMER, SECOND, SECOND, Unmerged(from_customer_id=FIRST), 42.0),
    ]
    facts: Facts = {feed: [] for feed in FEEDS}
    for feed, subject, stream, event, at in events:
        made = replace(customer_life.envelope(event, at, stream=stream), subject=subject)
        facts[feed].append(replace(made, position=len(facts[feed]) + 1))
    return facts


async def look(live: Live, facts: Facts, at: float) -> None:
    for step in (Marked(day(at), CUSTOMER), Marked(day(at), FOLLOWUP), Looked(day(at))):
        await live.take(facts, step)


async def append_pending(live: Live, databases: Databases) -> None:
    async with transaction(databases.app) as held:
        waiting = await following(held, [], READ_ALL)
    await live.detector.append_pending(waiting)


async def said_of_alerts(databases: Databases) -> dict[UUID, list[tuple[str, UUID]]]:
    """Return the kind and the customer of each event, by alert."""
    found: dict[UUID, list[tuple[str, UUID]]] = defaultdict(list)
    for row in await EventStore(databases.app).read_all(after=0, limit=READ_ALL):
        envelope = EventMapper().to_envelope(row)
        found[envelope.stream_id].append((type(envelope.event).__name__, envelope.subject))
    return found


async def lived(databases: Databases, tasks: int, until: int) -> tuple[Live, Facts]:
    """Raise the alerts, and then receive the events of customers up to a position."""
    facts, live = lives(tasks), Live(databases.app)
    await live.take(facts, Delivered(day(0.2), CUSTOMER, 0, 2))
    await live.take(facts, Delivered(day(1), FOLLOWUP, 0, tasks))
    await look(live, facts, 40)
    for position in range(2, until):
        await live.take(facts, Delivered(day(39 + position), CUSTOMER, position, position + 1))
        await append_pending(live, databases)
    return live, facts


async def lose_after(databases: Databases, position: int) -> None:
    async with transaction(databases.owner) as held:
        derivation = Derivation(EventMapper(), THREE_RULES, lambda: day(43))
        await derivation.delete_after(held, CUSTOMER_EVENTS.owner, position)


@pytest.mark.parametrize("tasks", [2, MANY])
async def test_a_lost_merge_returns_the_alerts_to_the_duplicate(databases: Databases, tasks: int) -> None:
    live, facts = await lived(databases, tasks, 3)
    await lose_after(databases, 2)
    await append_pending(live, databases)
    await look(live, facts, 44)
    found = await said_of_alerts(databases)
    kept = [own for own in found.values() if own == [("AlertRaised", FIRST)]]
    returned = [
        ("AlertRaised", SECOND),
        ("AlertCarriedAway", SECOND),
        ("AlertCarriedIn", FIRST),
        ("AlertCarriedAway", FIRST),
        ("AlertCarriedIn", SECOND),
    ]
    assert [own for own in found.values() if own not in kept] == [returned] * (tasks + 1)
    assert len(kept) == 1


@pytest.mark.parametrize("tasks", [2, MANY])
async def test_a_lost_undoing_returns_the_alerts_to_the_survivor(databases: Databases, tasks: int) -> None:
    live, facts = await lived(databases, tasks, 3)
    before = await stored(databases.app)
    await live.take(facts, Delivered(day(42), CUSTOMER, 3, 4))
    await append_pending(live, databases)
    await lose_after(databases, 3)
    assert await stored(databases.app) == before
    await append_pending(live, databases)
    await look(live, facts, 44)
    found = await said_of_alerts(databases)
    assert {own[-1] for own in found.values()} == {("AlertRaised", FIRST), ("AlertCarriedIn", FIRST)}
    assert not [own for own in found.values() if len(own) not in {1, 7}]


async def test_alerts_of_a_customer_that_was_lost_too_end_under_the_survivor(databases: Databases) -> None:
    live, facts = await lived(databases, 2, 3)
    await lose_after(databases, 1)
    await append_pending(live, databases)
    await look(live, facts, 44)
    found = await said_of_alerts(databases)
    carried = [("AlertRaised", SECOND), ("AlertCarriedAway", SECOND), ("AlertCarriedIn", FIRST)]
    assert [own for own in found.values() if len(own) > 3] == [[*carried, ("AlertCleared", FIRST)]] * 2
    # Of two silences, the second one ends with the survivor's own.
    assert sorted(own for own in found.values() if len(own) <= 3) == [[("AlertRaised", FIRST)], carried]
