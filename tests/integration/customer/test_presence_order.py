"""The order of events decides whether an employee has left, on a real PostgreSQL."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from chassis.postgres.database import transaction
from services.customer import projection, schema
from tests.integration.customer.conftest import Api
from tests.integration.customer.test_leader_order import Frozen
from tests.integration.customer.test_leaders import hands_all_over, listed, needs_of, put
from tests.support.servers import Database

MIGRATION = Path(schema.__file__).parent / "migrations" / "20261129222000_presence_versions.sql"
LIST = "SELECT employee_id, left_at IS NOT NULL, presence_version FROM employee ORDER BY employee_id"


async def are_listed(api: Api) -> dict[str, tuple[bool, int]]:
    """Return whether each employee has left, and since which version."""
    return {employee_id: (left, version) for employee_id, left, version in await api.pool.fetch(LIST)}


@pytest.mark.parametrize("last", [True, False])
async def test_of_two_requests_at_once_the_one_that_appends_last_counts_whichever_saves_last(
    still: Api, monkeypatch: pytest.MonkeyPatch, *, last: bool
) -> None:
    await put(still, has_left=last)
    frozen = Frozen(still, monkeypatch)
    first = asyncio.create_task(put(still, has_left=not last))
    await frozen.has_appended.wait()
    assert (await put(still, has_left=last)).json()["has_left"] == last
    frozen.continues.set()
    assert (await first).json()["has_left"] == last
    await listed(still)
    assert (await are_listed(still))["E1"][0] == last


async def test_a_request_that_is_interrupted_after_its_append_is_completed(
    still: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = Frozen(still, monkeypatch)
    request = asyncio.create_task(put(still, has_left=True))
    await frozen.has_appended.wait()
    request.cancel()
    await listed(still)
    assert await are_listed(still) == {"E1": (True, 1)}


async def test_who_was_marked_as_left_by_a_batch_stays_so_when_the_list_of_customers_is_rebuilt(still: Api) -> None:
    for has_left in (True, False):
        await put(still, has_left=has_left)
    await hands_all_over(still)
    needs = needs_of(still)
    envelopes = list(map(needs.mapper.to_envelope, await needs.store.read_all(after=0)))
    async with transaction(still.pool) as held:
        await projection.handler(needs.pseudonyms)(envelopes, held)
    assert await are_listed(still) == {"E1": (True, 2)}


async def test_a_request_that_is_sent_again_after_a_batch_does_not_bring_the_employee_back(still: Api) -> None:
    await put(still, leader_id="L1")
    headers = still.issuer.headers("ops", "ops", **{"Idempotency-Key": "once"})
    body = {"name": "王芳", "has_left": False}
    assert (await still.client.put("/v1/employees/E1", json=body, headers=headers)).json()["has_left"] is False
    await hands_all_over(still)
    again = await still.client.put("/v1/employees/E1", json=body, headers=headers)
    assert (again.status_code, again.json()["has_left"]) == (200, True)


async def test_the_migration_repairs_the_list(still: Api, database: Database) -> None:
    for employee_id in ("E1", "E2", "E3", "E4"):
        await put(still, employee_id, has_left=True)
    for employee_id in ("E1", "E3"):
        await put(still, employee_id, has_left=False)
    await listed(still)
    await hands_all_over(still)
    up, down = MIGRATION.read_text().split("-- migrate:down")
    owner = await asyncpg.connect(database.admin)
    await owner.execute(down)
    await owner.execute("UPDATE employee SET left_at = NULL WHERE employee_id = 'E2'")
    await owner.execute("UPDATE employee SET left_at = now() WHERE employee_id = 'E3'")
    await owner.execute("DELETE FROM employee WHERE employee_id = 'E4'")
    async with owner.transaction():
        await owner.execute(up)
    await owner.close()
    expected = {"E1": (True, 2), "E2": (True, 1), "E3": (False, 2), "E4": (True, 1)}
    assert await are_listed(still) == expected
