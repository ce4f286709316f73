"""Without a database, requests fail quickly and the process stays alive."""

import socket
import time
from collections.abc import AsyncIterator

import pytest

from chassis.postgres.database import open_pool
from tests.integration.customer.conftest import Api, service_on
from tests.unit.chassis.issuer import Issuer, client_of

DEADLINE_SECONDS = 30.0


@pytest.fixture(params=["refused", "silent"])
async def api_without_database(request: pytest.FixtureRequest, issuer: Issuer) -> AsyncIterator[Api]:
    """An API whose database address refuses calls, or takes them and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "silent":
            listener.listen()
        pool = await open_pool(
            f"postgresql://care@127.0.0.1:{listener.getsockname()[1]}/none", size=2, application_name="t"
        )
        service = service_on(pool)
        async with client_of(service.app) as client:
            yield Api(service, issuer, client, pool)
        pool.terminate()


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/customers"), ("POST", "/v1/customers")])
async def test_a_call_is_refused_in_time_and_says_when_to_come_back(
    api_without_database: Api, method: str, path: str
) -> None:
    started_at = time.monotonic()
    body = {"name": "上海腾云"} if method == "POST" else None
    headers = api_without_database.issuer.headers("ops", "ops", idempotency_key="k1")
    response = await api_without_database.client.request(method, path, json=body, headers=headers)
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert (response.headers["retry-after"], response.json()["retryable"]) == ("2", True)
    assert time.monotonic() - started_at < DEADLINE_SECONDS


async def test_the_process_is_live_and_not_ready(api_without_database: Api) -> None:
    client = api_without_database.client
    started_at = time.monotonic()
    ready = await client.get("/readyz")
    assert time.monotonic() - started_at < DEADLINE_SECONDS
    assert (ready.status_code, list(ready.json()["faults"])) == (503, ["database"])
    assert (await client.get("/livez")).status_code == 200


async def test_with_the_issuer_away_too_the_process_is_not_ready(api_without_database: Api) -> None:
    api_without_database.issuer.away = True
    ready = await api_without_database.client.get("/readyz")
    assert set(ready.json()["faults"]) == {"database", "issuer"}


async def test_with_everything_there_the_process_is_ready(api: Api) -> None:
    response = await api.client.get("/readyz")
    assert (response.status_code, response.json()["faults"]) == (200, {})
