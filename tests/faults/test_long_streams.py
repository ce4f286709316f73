"""CASES 65: a customer with thousands of events is read, and the event loop answers others meanwhile."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.runtime.turns import EVENTS_PER_TURN
from chassis.store.event_store import EventStore
from contracts import customer as events
from contracts.customer import Stage
from contracts.event import Event
from contracts.examples import OCCURRED_AT, example
from tests.bench.harness.event_data import envelope, fill
from tests.faults.support.deployment import Issuer
from tests.faults.support.in_process import InProcessService, in_process_service
from tests.support.servers import Database

LENGTH = 4_000
# The longest time that the loop may compute without a turn for other tasks: long against EVENTS_PER_TURN events, short
# against LENGTH. It is time of the processor, so a busy machine does not count.
MAX_TURN_SECONDS = 0.05
LATE, EARLY = (f"{OCCURRED_AT + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}" for seconds in (LENGTH, LENGTH // 2))


class Turns:
    """Measures the processor time of the loop's thread between two turns of a task that is always ready."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.count = 0

    async def measure(self) -> None:
        before = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            self.longest, self.count, before = max(self.longest, now - before), self.count + 1, now


@asynccontextmanager
async def measured() -> AsyncIterator[Turns]:
    turns = Turns()
    task = asyncio.create_task(turns.measure())
    # A collection in this large process takes longer than any turn.
    gc.collect()
    gc.disable()
    try:
        await asyncio.sleep(0)
        yield turns
        # The last turn is measured by the one that follows it.
        await asyncio.sleep(0)
    finally:
        gc.enable()
        task.cancel()


def told(number: int) -> Event:
    match number % 4:
        case _ if number == 1:
            return example(events.Registered)
        case 0:
            return example(events.NeedStated, need=f"need-{number % 40}")
        case 1:
            return example(events.StageChanged, stage=Stage.SIGNED if number % 8 == 1 else Stage.LOST)
        case _:
            return example(events.ProfileChanged, region=f"region {number}")


async def long_lived(store: EventStore) -> UUID:
    """Return a customer with LENGTH events, one a second."""
    customer_id = uuid4()
    await fill(store, [envelope(told(n), customer_id, customer_id, n, 0, n) for n in range(1, LENGTH + 1)])
    return customer_id


@pytest.fixture
async def service(issuer: Issuer, database: Database) -> AsyncIterator[InProcessService]:
    async with in_process_service(issuer, database.app) as started:
        yield started


async def test_65_reading_a_customer_with_thousands_of_events_leaves_the_loop_to_others(
    service: InProcessService,
) -> None:
    address = f"/v1/customers/{await long_lived(EventStore(service.pool))}"
    # What a process does once, such as reading the keys of the token's issuer, is not what is measured.
    await service.client.get("/v1/stages")
    longest: dict[str, float] = {}
    turns_of: dict[str, int] = {}
    for path, status in (
        ("/events", 200),
        ("", 200),
        (f"?as_of={LATE}", 200),
        ("?as_recorded=2100-01-01T00:00:00Z", 200),
        ("/needs", 200),
        (f"/needs?as_of={EARLY}", 200),
        ("/stages", 200),
        (f"/events?as_of={EARLY}&limit=200", 200),
        ("/events?as_of=2000-01-01T00:00:00Z&limit=200", 200),
        ("/erasure", 404),
        ("/export", 200),
    ):
        async with measured() as turns:
            response = await service.client.get(f"{address}{path}")
        assert response.status_code == status, (path, response.text)
        longest[path], turns_of[path] = turns.longest, turns.count
    assert {path: took for path, took in longest.items() if took > MAX_TURN_SECONDS} == {}
    # The first request folds all events, the past states apply all of them.
    assert all(turns_of[path] >= LENGTH / EVENTS_PER_TURN for path in ("/events", f"?as_of={LATE}"))


async def test_65_long_lists_come_in_pages(service: InProcessService) -> None:
    address = f"/v1/customers/{await long_lived(EventStore(service.pool))}"
    needs = await all_pages(service, f"{address}/needs?limit=200")
    pages = [sorted(each["occurred_at"] for need in page for each in need["history"]) for page in needs]
    stated = [occurred_at for page in pages for occurred_at in page]
    assert stated == sorted(set(stated))
    assert (len(stated), max(map(len, pages))) == (LENGTH // 4, 200)
    stays = await all_pages(service, f"{address}/stages?limit=200")
    entered = [stay["entered_at"] for page in stays for stay in page]
    assert entered == sorted(set(entered))
    assert (len(entered), max(map(len, stays))) == (LENGTH // 4, 200)


async def all_pages(service: InProcessService, address: str) -> list[list[dict[str, Any]]]:
    pages, cursor = [], ""
    while True:
        page = (await service.client.get(f"{address}{cursor}")).json()
        pages.append(page["items"])
        if not page["has_more"]:
            return pages
        cursor = f"&cursor={page['next_cursor']}"
