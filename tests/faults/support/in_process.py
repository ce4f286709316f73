"""The customer service inside the test process: quick to start, also with a proxy in front of its database."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from chassis.http.auth import Authenticator
from chassis.postgres.database import Pool
from chassis.runtime.settings import Settings
from chassis.runtime.supervisor import Supervisor
from chassis.service import ServiceContext
from services.customer.__main__ import build
from tests.faults.support.deployment import Issuer, pool_at
from tests.faults.support.load import Order, Send, sender


@dataclass
class InProcessService:
    """The customer service's application, without its background tasks."""

    app: FastAPI
    pool: Pool
    client: httpx.AsyncClient

    @property
    def send(self) -> Send:
        return sender(self.client)

    async def post(self, order: Order, **headers: str) -> httpx.Response:
        all_headers = {"Idempotency-Key": order.id, "X-Correlation-Id": order.id, **headers}
        return await self.client.post(order.path, json=order.body, headers=all_headers)


@asynccontextmanager
async def in_process_service(issuer: Issuer, database_url: str, *, size: int = 10) -> AsyncIterator[InProcessService]:
    """Start the customer service on a database. Requests have the role ops unless their headers say otherwise."""
    settings = Settings.model_validate(
        {name.removeprefix("CARE_").lower(): value for name, value in issuer.environment.items()}
        | {"database_url": database_url}
    )
    async with pool_at(database_url, size=size) as pool:
        app = build(ServiceContext(settings, pool, Supervisor(), Authenticator(settings))).app
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://customer", headers=issuer.headers()
        )
        async with client:
            yield InProcessService(app, pool, client)


def as_somebody(issuer: Issuer, subject: str) -> dict[str, Any]:
    return issuer.headers(subject, "admin")


Clock = Callable[[], float]
