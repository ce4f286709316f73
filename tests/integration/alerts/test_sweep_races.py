"""A sweep and others: what is published while it waits for its page, and how long others wait for the page."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.postgres.database import transaction
from contracts.event import Envelope, Metadata
from contracts.examples import example
from contracts.followup import ComplaintRaised
from services.alerts.detection import memory, sweep
from tests.support.facts import received_of
from tests.support.rule_desk import RuleDesk, days_ago, kinds, silence
from tests.support.waiting import eventually

COUNT = {"shape": "count", "signal": "complaint", "times": 1, "days": 30}
FINISHED = """
    SELECT array_agg(customers) FROM rule_sweep
    WHERE finished_at IS NOT NULL AND started_at = (SELECT max(started_at) FROM rule_sweep)
"""
WAITS = """
    SELECT EXISTS (
        SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM silence%'
    )
"""


def complaint(customer_id: UUID) -> Envelope[Any]:
    at, metadata = days_ago(0), Metadata(actor="tests", correlation_id="tests")
    return Envelope(uuid4(), customer_id, uuid4(), 1, 1_000, at, at, metadata, example(ComplaintRaised))


async def test_what_a_later_book_has_raised_is_not_cleared_by_a_sweep_of_the_one_before(desk: RuleDesk) -> None:
    customer_id = await desk.customer(1)
    await desk.settle()
    await desk.publish("calls", silence(300))
    await desk.follow()
    async with transaction(desk.pool) as held:
        await memory.load_whole(held, [customer_id])
        sweeping = asyncio.create_task(desk.sweep.run_due())

        async def waits() -> bool:
            return bool(await desk.pool.fetchval(WAITS))

        await eventually(waits)
        await desk.publish("severe", silence(7, condition=COUNT))
        await desk.follow()
        await desk.detector.apply(received_of([complaint(customer_id)]), held)
    assert await sweeping == 0
    await desk.settle()
    assert kinds(await desk.told("severe")) == ["raised"]


async def test_a_page_that_takes_long_ends_early_and_the_next_one_continues(
    desk: RuleDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        await desk.customer(10)
    await desk.settle()
    monkeypatch.setattr(sweep, "PART", 2)
    monkeypatch.setattr(sweep, "PAGE_SECONDS", 0.0)
    # Nobody is due by it: a sweep waits while customers are due.
    await desk.publish("calls", silence(300))
    await desk.follow()
    assert [await desk.sweep.run_due() for _ in range(4)] == [2, 2, 1, 0]
    assert await desk.pool.fetchval(FINISHED) == [5]
