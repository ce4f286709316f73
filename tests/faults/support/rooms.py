"""Services inside the test's own process: quick to start, and open to a proxy between them and what they need."""

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
from tests.faults.support.house import Issuer, pool_at
from tests.faults.support.load import Order, Send, sender


@dataclass
class Room:
    """The customer service's application, without its background tasks."""

    app: FastAPI
    pool: Pool
    client: httpx.AsyncClient

    @property
    def send(self) -> Send:
        return sender(self.client)

    async def post(self, order: Order, **headers: str) -> httpx.Response:
        named = {"Idempotency-Key": order.id, "X-Correlation-Id": order.id, **headers}
        return await self.client.post(order.path, json=order.body, headers=named)


@asynccontextmanager
async def room(issuer: Issuer, database_url: str, *, size: int = 10) -> AsyncIterator[Room]:
    """Open the customer service on a database, asked as an ops person unless a request says otherwise."""
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
            yield Room(app, pool, client)


def as_somebody(issuer: Issuer, subject: str) -> dict[str, Any]:
    return issuer.headers(subject, "admin")


Clock = Callable[[], float]
