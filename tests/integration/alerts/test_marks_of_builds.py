"""Marks of builds that are lost, awaited, or older than a publication, and a clock that is behind within the limit."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from chassis.postgres.database import transaction
from contracts.customer import OwnerAssigned, StageChanged, TierChanged
from contracts.event import Event
from contracts.examples import example
from contracts.followup import ComplaintRaised
from services.alerts.detection.detector import Detector
from services.alerts.engine.rule_book import RuleBook
from services.alerts.shipped.rules import DEFAULT_RULES
from tests.integration.alerts.test_builds_of_rules import SEVERE, earlier, later, some_minutes_pass
from tests.support.rule_desk import RuleDesk, kinds, silence

LOCK = "SELECT FROM silence WHERE customer_id = $1 FOR UPDATE"
LATER = RuleBook(rules=(*DEFAULT_RULES.rules, SEVERE)).fingerprint


@pytest.mark.parametrize("is_killed", [False, True])
async def test_a_mark_is_not_lost_with_the_transaction_that_writes_it(desk: RuleDesk, is_killed: bool) -> None:
    """A build that ran days ago runs for a moment, and is killed while a page of its sweep is open."""
    customer_id = await desk.customer(3)
    await desk.settle()
    await desk.pool.execute("UPDATE rule_sweep SET begun_at = begun_at - interval '1 day'")
    await desk.pool.execute("INSERT INTO rule_build VALUES ($1, now() - interval '2 days')", LATER)
    new = later(desk, SEVERE)
    async with desk.pool.acquire() as held:
        page = held.transaction()
        await page.start()
        await new.rules.evaluating(held)
        await new.tell(customer_id, example(ComplaintRaised))
        await (page.rollback() if is_killed else page.commit())
    await new.follow()
    assert kinds(await new.told("severe")) == ["raised"]
    old = earlier(new)
    await some_minutes_pass(old)
    await old.settle()
    assert kinds(await old.told("severe")) == ["raised", "cleared"]


async def test_the_first_marks_of_a_build_wait_for_nobody(desk: RuleDesk) -> None:
    """A sweep marks before it locks a page; a consumer locks a customer before it marks."""
    customer_id = await desk.customer(3)
    await desk.settle()
    new = later(desk, SEVERE)

    async def sweep() -> None:
        async with transaction(desk.pool) as held:
            await new.rules.evaluating(held)
            await asyncio.sleep(0.3)
            await held.execute(LOCK, customer_id)

    async def consume() -> None:
        async with transaction(desk.pool) as held:
            await held.execute(LOCK, customer_id)
            await asyncio.sleep(0.1)
            await new.rules.evaluating(held)

    found = await asyncio.gather(sweep(), consume(), return_exceptions=True)
    assert not [each for each in found if isinstance(each, asyncpg.PostgresError)]


async def test_a_publication_does_not_hide_what_another_build_evaluated(desk: RuleDesk) -> None:
    """Processes without timers of the other build stopped minutes before the publication.

    No sweep of this build ran in between.
    """
    customer_id = await desk.customer(3)
    await desk.settle()
    new = later(desk, SEVERE)
    await new.tell(customer_id, example(ComplaintRaised))
    await new.follow()
    assert kinds(await new.told("severe")) == ["raised"]
    old = earlier(new)
    await some_minutes_pass(old)
    await old.publish("calls", silence(300))
    await old.settle()
    await some_minutes_pass(old)
    await old.settle()
    assert kinds(await old.told("severe")) == ["raised", "cleared"]


@pytest.mark.parametrize("told", [OwnerAssigned, StageChanged, TierChanged])
async def test_a_clock_that_is_behind_within_the_limit_ends_no_alert(desk: RuleDesk, told: type[Event]) -> None:
    """An alert was raised some seconds ago; a process whose clock is 50 s behind receives an event."""
    await desk.publish("calls", silence(10))
    customer_id = await desk.customer(10)
    await desk.settle()
    assert kinds(await desk.told("calls")) == ["raised"]
    right = desk.detector
    desk.detector = Detector(desk.store, desk.pool, desk.mapper, desk.rules, behind)
    await desk.tell(customer_id, example(told))
    desk.detector = right
    await desk.settle()
    assert set(kinds(await desk.told("calls"))) <= {"raised", "readdressed"}
    assert kinds(await desk.told("calls")).count("raised") == 1


def behind() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=50)
