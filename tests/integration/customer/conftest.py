"""The running customer service with its own database, called through its API."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import structlog

from chassis.http.auth import Authenticator
from chassis.postgres.database import Pool
from chassis.runtime.supervisor import Supervisor
from chassis.service import Service, ServiceContext
from services.customer import projection
from services.customer.__main__ import build
from tests.support.http_retry import patiently
from tests.support.waiting import background, eventually, lasting
from tests.unit.chassis.issuer import SETTINGS, Issuer, client_of


@dataclass
class Api:
    """A client of one service, and what a test may want to look at behind it."""

    service: Service
    issuer: Issuer
    client: httpx.AsyncClient
    pool: Pool

    async def get(self, path: str, subject: str = "ops", role: str = "ops", **headers: str) -> httpx.Response:
        return await patiently(lambda: self.client.get(path, headers=self.issuer.headers(subject, role, **headers)))

    async def post(
        self, path: str, body: Any, subject: str = "ops", role: str = "ops", **headers: str
    ) -> httpx.Response:
        named = self.issuer.headers(subject, role, **headers)
        return await patiently(lambda: self.client.post(path, json=body, headers=named))

    async def registered(self, **fields: Any) -> str:
        """Register a company with `fields` and return its address."""
        response = await self.post("/v1/customers", {"name": "上海腾云"} | fields)
        assert response.status_code == 201, response.text
        return response.headers["location"]

    async def list_holds(self, count: int) -> bool:
        return bool(await self.pool.fetchval("SELECT count(*) FROM customer") == count)

    async def listed(self, count: int) -> None:
        """Wait until the list has caught up with `count` customers."""

        async def caught_up() -> bool:
            return await self.list_holds(count)

        await eventually(caught_up)


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    """Log as services do: the developer's rendering of a traceback takes seconds."""
    structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()])


def service_on(pool: Pool) -> Service:
    return build(ServiceContext(SETTINGS, pool, Supervisor(), Authenticator(SETTINGS)))


@pytest.fixture
async def api(pool: Pool, issuer: Issuer) -> AsyncIterator[Api]:
    """The API with its list and its importer, without what needs Kafka."""
    service = service_on(pool)
    tasks = [lasting(task.run) for task in service.tasks if task.role not in {"relay", "consumer"}]
    async with client_of(service.app) as client, background(*tasks):
        yield Api(service, issuer, client, pool)


@pytest.fixture
async def still(pool: Pool, issuer: Issuer) -> AsyncIterator[Api]:
    """The API and its list of customers. The tests call the timers."""
    service = service_on(pool)
    tasks = [lasting(task.run) for task in service.tasks if task.name == projection.CONSUMER]
    async with client_of(service.app) as client, background(*tasks):
        yield Api(service, issuer, client, pool)
