"""The events of changes are appended later: the alerts and the derived memory are the same."""

from collections import Counter
from datetime import datetime
from random import Random

import pytest

from chassis.store.event_store import EventStore
from contracts.customer import Merged
from services.alerts.detection import appending, pending_timer
from services.alerts.detection.pending_timer import PendingTimer
from tests.silence.conftest import Databases
from tests.silence.delivery import Delivered, Looked, Marked, Restarted, deliveries, in_order, what_is_right
from tests.silence.histories import CUSTOMER, FEEDS, FOLLOWUP, START, Facts, make_up
from tests.silence.test_derivation import derive, life_of_two, stored
from tests.silence.test_detection import APART, Live, moved, told
from tests.silence.test_rebuild import Rebuilding
from tests.support.customer_life import day
from tests.support.rule_books import THREE_RULES

HISTORIES = 15
# The timer of stored changes runs after one of so many steps.
SELDOM = 12
# The facts of the other feed in the lives of two customers before their merge.
TASKS = 2
# The alerts of the duplicate. The survivor has one.
CARRIED = 3
COUNT = "SELECT count(*) FROM pending_change"


@pytest.fixture(autouse=True)
def _all_pending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appending, "MAX_ALERTS_AT_ONCE", 0)


async def append_all(databases: Databases, live: Live) -> None:
    timer = PendingTimer(databases.app, live.detector, pause_seconds=0)
    while await timer.run_due():
        pass
    assert timer.problem() is None


async def test_random_histories_have_the_alerts_of_the_oracle(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some changes are stored. Later changes of the same alerts are not, unless the earlier ones still wait."""
    live, before, head = Live(databases.app), dict.fromkeys(FEEDS, 0), 0
    compared = 0
    for seed in range(1, HISTORIES + 1):
        random = Random(2_000 + seed)  # noqa: S311 - not for secrets
        facts = moved(make_up(random, START + seed * APART), before)
        before = {feed: before[feed] + len(facts[feed]) for feed in FEEDS}
        steps = list(deliveries(random, facts))
        for step in steps:
            monkeypatch.setattr(appending, "MAX_ALERTS_AT_ONCE", random.choice((0, 1)))
            await live.take(facts, step)
            if random.randrange(SELDOM) == 0:
                await PendingTimer(databases.app, live.detector, pause_seconds=0).run_due()
            if isinstance(step, Restarted):
                maintained = await stored(databases.app)
                compared += bool(await databases.app.fetchval(COUNT))
                await derive(databases)
                assert await stored(databases.app) == maintained, f"seed {seed}"
        await append_all(databases, live)
        oracle = what_is_right(facts, steps, THREE_RULES)
        assert in_order(await told(databases.app, head)) == in_order(oracle.said), f"seed {seed}"
        head = await EventStore(databases.app).head()
    # Memories were derived while changes were stored.
    assert compared > 0


def lives_until_merged() -> tuple[Facts, int]:
    """Return the lives of two customers, and how many facts come before their merge."""
    facts = life_of_two()
    return facts, next(place for place, each in enumerate(facts[CUSTOMER]) if isinstance(each.event, Merged))


async def receive(live: Live, facts: Facts, now: datetime, last: int) -> None:
    """Receive facts up to one of the customers' feed, and raise what is due."""
    for feed, count in ((CUSTOMER, last), (FOLLOWUP, TASKS)):
        await live.take(facts, Delivered(now, feed, 0, count))
    for step in (Marked(now, CUSTOMER), Marked(now, FOLLOWUP), Looked(now)):
        await live.take(facts, step)


async def test_carried_alerts_are_derived_before_their_events_are_appended(databases: Databases) -> None:
    """The alerts of the duplicate are carried by the merge, and back."""
    (facts, merged), live = lives_until_merged(), Live(databases.app)
    for now, last in ((day(60), merged), (day(61), merged + 1), (day(62), merged + 2)):
        await receive(live, facts, now, last)
        maintained = await stored(databases.app)
        await derive(databases)
        assert await stored(databases.app) == maintained
    assert await told(databases.app) == []
    await append_all(databases, live)
    kinds = [each.kind for each in await told(databases.app)]
    assert kinds.count("carried-away") == kinds.count("carried-in") > 0


@pytest.mark.parametrize("meanwhile", ["nothing", "a part", "all", "the merge"])
async def test_a_rebuild_while_alerts_are_carried_loses_and_repeats_none(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    """`meanwhile`: what the service does between the derivation and the switch."""
    monkeypatch.setattr(pending_timer, "CHANGES_AT_ONCE", 1)
    (facts, merged), live = lives_until_merged(), Live(databases.app)
    await receive(live, facts, day(60), merged)
    await append_all(databases, live)
    merge = Delivered(day(61), CUSTOMER, merged, merged + 1)
    if meanwhile != "the merge":
        await live.take(facts, merge)

    async def work() -> None:
        if meanwhile == "a part":
            assert await PendingTimer(databases.app, live.detector, pause_seconds=0).run_due() == 1
        elif meanwhile == "all":
            await append_all(databases, live)
        elif meanwhile == "the merge":
            await live.take(facts, merge)

    received = {CUSTOMER: facts[CUSTOMER][: merged + 1], FOLLOWUP: facts[FOLLOWUP][:TASKS]}
    await Rebuilding(live, databases, received, work).run()
    rebuilt = await stored(databases.app)
    await derive(databases)
    assert await stored(databases.app) == rebuilt
    live.restart()
    await receive(live, facts, day(61), merged + 1)
    await append_all(databases, live)
    kinds = Counter(each.kind for each in await told(databases.app))
    assert kinds == {"raised": CARRIED + 1, "carried-away": CARRIED, "carried-in": CARRIED}
