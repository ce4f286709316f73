"""Case 46: a read straight after a command returns the whole record, also before the list has seen the command."""

from collections.abc import AsyncIterator

import pytest

from chassis.postgres.database import Pool
from tests.integration.customer.conftest import Api, service_on
from tests.support.waiting import background, eventually, lasting
from tests.unit.chassis.issuer import Issuer, client_of

VERSION = "SELECT coalesce(max(version), 0) FROM customer"


@pytest.fixture
async def unlisted(pool: Pool, issuer: Issuer) -> AsyncIterator[Api]:
    """The API without its background tasks: its list sees an event only in `list_all`."""
    service = service_on(pool)
    async with client_of(service.app) as client:
        yield Api(service, issuer, client, pool)


async def list_all(api: Api, version: int) -> None:
    """Run the tasks until the list has the only customer in this version."""

    async def caught_up() -> bool:
        return bool(await api.pool.fetchval(VERSION) == version)

    tasks = [lasting(task.run) for task in api.service.tasks if task.role not in {"relay", "consumer"}]
    async with background(*tasks):
        await eventually(caught_up)


async def test_46_a_customer_is_complete_straight_after_its_registration(unlisted: Api) -> None:
    address = await unlisted.registered(external={"system": "crm", "id": "KH-1"}, stage="interested")
    at_once = (await unlisted.get(address)).json()
    assert await unlisted.pool.fetchval(VERSION) == 0
    assert at_once["registered_at"]
    assert at_once["stage_since"]
    assert (at_once["external_system"], at_once["external_id"]) == ("crm", "KH-1")
    await list_all(unlisted, at_once["version"])
    assert (await unlisted.get(address)).json() == at_once


async def test_46_a_customer_is_complete_straight_after_a_change(unlisted: Api) -> None:
    address = await unlisted.registered()
    await list_all(unlisted, 1)
    for path, body in (("stage", {"stage": "interested"}), ("profile/review", {}), ("owner", {"owner_id": "E1"})):
        assert (await unlisted.post(f"{address}/{path}", body)).is_success
    at_once = (await unlisted.get(address)).json()
    assert await unlisted.pool.fetchval(VERSION) == 1
    assert at_once["stage_since"] > at_once["registered_at"]
    assert at_once["reviewed_at"]
    await list_all(unlisted, at_once["version"])
    assert (await unlisted.get(address)).json() == at_once
