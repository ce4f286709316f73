"""The order of events decides which leader an employee's customers have, on a real PostgreSQL."""

import asyncio
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis.runtime.clock import utc_now
from services.customer import schema
from services.customer.actor import ACTOR
from services.customer.commands import AssignOwnerInList
from services.customer.leaders import changes
from services.customer.leaders.changes import MAX_LEADERS
from tests.integration.customer.conftest import Api
from tests.integration.customer.test_leaders import (
    DUE,
    LATER,
    hands_all_over,
    leaders,
    leads,
    listed,
    needs_of,
    owned,
    put,
    worker,
)
from tests.integration.customer.test_merging import id_of
from tests.support.servers import Database
from tests.support.waiting import eventually

MIGRATION = Path(schema.__file__).parent / "migrations" / "20261129210000_leader_versions.sql"
LIST = "SELECT employee_id, leader_id, leader_version FROM employee ORDER BY employee_id"


async def finished(api: Api) -> None:
    """Apply all changes until none is due, also later."""
    passes = count()

    async def is_done() -> bool:
        await listed(api)
        await worker(api, next(passes) * LATER).run_due()
        return not await api.pool.fetchval(DUE)

    await eventually(is_done)


async def reassigned_with(api: Api, address: str, leader_id: str) -> None:
    """Append the event of a command that read this leader in the list of employees, and waited since."""
    late = AssignOwnerInList(owner_id="E1", owners_leader_id=leader_id)
    context = ACTOR.on_timer(utc_now(), "late", "late")
    await needs_of(api).customers.handle(UUID(id_of(address)), late, context)
    assert await leaders(api, [address]) == [leader_id]
    await listed(api)


async def test_a_command_that_had_read_the_former_leader_is_corrected_however_late_it_is(still: Api) -> None:
    await leads(still, "L1")
    [address] = await owned(still, 1)
    await leads(still, "L2")
    await finished(still)
    await reassigned_with(still, address, "L1")
    assert await worker(still).run_due() == 1
    assert await leaders(still, [address]) == ["L2"]
    await finished(still)


async def test_a_pass_that_began_before_a_late_command_does_not_end_the_change(still: Api) -> None:
    await leads(still, "L1")
    [address] = await owned(still, 1)
    await leads(still, "L2")
    await worker(still).run_due()
    await listed(still)
    [begun] = await changes.next_changes(still.pool, utc_now() + LATER, 1)
    await reassigned_with(still, address, "L1")
    await changes.finish(still.pool, begun)
    await changes.continue_after(still.pool, begun, UUID(int=2**128 - 1), utc_now() + LATER)
    await worker(still).run_due()
    assert await leaders(still, [address]) == ["L2"]


@pytest.mark.parametrize("former", ["L1", "L2"])
async def test_a_leader_that_only_a_handover_batch_named_is_corrected_after_a_late_command(
    still: Api, former: str
) -> None:
    await leads(still, "L1")
    [address] = await owned(still, 1)
    for leaver, next_leader in (("L1", "L2"), ("L2", "L3")):
        await hands_all_over(still, leaver, to_leader_id=next_leader)
    await finished(still)
    await reassigned_with(still, address, former)
    await finished(still)
    assert await leaders(still, [address]) == ["L3"]


async def test_a_leader_from_before_leaders_were_published_is_corrected_after_a_handover_batch(still: Api) -> None:
    await put(still)
    await still.pool.execute("UPDATE employee SET leader_id = 'L1'")
    [address] = await owned(still, 1)
    await hands_all_over(still, "L1", to_leader_id="L2")
    await finished(still)
    await reassigned_with(still, address, "L1")
    await finished(still)
    assert await leaders(still, [address]) == ["L2"]


class Frozen:
    """Employees' command handler. The request that appends first is frozen between its append and the list."""

    def __init__(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        self._handler = needs_of(api).employments
        self._handle = self._handler.handle
        self.has_appended, self.continues = asyncio.Event(), asyncio.Event()
        monkeypatch.setattr(self._handler, "handle", self.handle)

    async def handle(self, *args: Any, **options: Any) -> Any:
        handled = await self._handle(*args, **options)
        if not self.has_appended.is_set():
            self.has_appended.set()
            await self.continues.wait()
        return handled


async def test_a_request_that_is_frozen_after_its_append_leaves_no_customer_with_the_former_leader(
    still: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await leads(still, "L1")
    [before] = await owned(still, 1)
    await finished(still)
    frozen = Frozen(still, monkeypatch)
    request = asyncio.create_task(put(still, leader_id="L2"))
    await frozen.has_appended.wait()
    await finished(still)
    [meanwhile] = await owned(still, 1)
    frozen.continues.set()
    assert (await request).json()["leader_id"] == "L2"
    await finished(still)
    assert await leaders(still, [before, meanwhile]) == ["L2"] * 2


async def test_of_two_requests_at_once_the_one_that_appends_last_counts_whichever_saves_last(
    still: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await leads(still, "L1")
    [address] = await owned(still, 1)
    frozen = Frozen(still, monkeypatch)
    first = asyncio.create_task(put(still, leader_id="L2"))
    await frozen.has_appended.wait()
    assert (await put(still, leader_id="L3")).json()["leader_id"] == "L3"
    frozen.continues.set()
    assert (await first).json()["leader_id"] == "L3"
    await finished(still)
    assert await leaders(still, [address, *await owned(still, 1)]) == ["L3"] * 2


async def test_the_first_leader_of_an_employee_counts_before_the_employee_is_saved(
    still: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = Frozen(still, monkeypatch)
    request = asyncio.create_task(put(still, leader_id="L1"))
    await frozen.has_appended.wait()
    await listed(still)
    assert await leaders(still, await owned(still, 1)) == ["L1"]
    frozen.continues.set()
    assert ((await request).json()["name"], (await request).json()["leader_id"]) == ("王芳", "L1")


async def test_a_leader_is_found_however_often_the_next_ones_took_turns(still: Api) -> None:
    await leads(still, "L0")
    addresses = await owned(still, 2)
    for number in range(MAX_LEADERS // 2 + 1):
        await leads(still, f"L{1 + number % 2}")
    assert await still.pool.fetchval("SELECT leader_ids FROM leader_change") == ["L1", "L2", "L0"]
    await worker(still).run_due()
    assert await leaders(still, addresses) == ["L1"] * 2


async def test_the_migration_repairs_the_list_and_applies_each_change_once_more(still: Api, database: Database) -> None:
    for employee_id, leader_id in (("E1", "L1"), ("E1", "L2"), ("E2", "L8"), ("E3", "L3")):
        await leads(still, leader_id, employee_id)
    [address] = await owned(still, 1)
    await still.post("/v1/handover-batches", {"from_owner_id": "L8", "to_owner_ids": ["L5"], "leaves": True})
    await finished(still)
    up, down = MIGRATION.read_text().split("-- migrate:down")
    owner = await asyncpg.connect(database.admin)
    await owner.execute(down)
    await owner.execute("UPDATE employee SET leader_id = 'L1' WHERE employee_id = 'E1'")
    await owner.execute("UPDATE employee SET leader_id = 'L5' WHERE employee_id = 'E2'")
    await owner.execute("DELETE FROM employee WHERE employee_id = 'E3'")
    await owner.execute(up)
    await owner.close()
    assert [tuple(row) for row in await still.pool.fetch(LIST)] == [("E1", "L2", 2), ("E2", "L5", 1), ("E3", "L3", 1)]
    assert await still.pool.fetchval(DUE) == 3
    assert await leaders(still, [address]) == ["L2"]
