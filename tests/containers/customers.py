"""Customers that the tests of the containers register, and whether each service knows them."""

import httpx

from demo.client import Client
from tests.support.waiting import eventually

NEW = {"tier": {"tier": "vip"}, "stage": "interested", "owner_id": "E2001", "occurred_at": "2026-01-05T09:00:00+08:00"}


async def registered(client: Client, name: str) -> str:
    """Register a customer and return its id. While a part is away, try again."""
    made: list[str] = []

    async def is_acknowledged() -> bool:
        try:
            made.append((await client.post("customer", "/v1/customers", {"name": name, **NEW}))["id"])
        except (httpx.TransportError, httpx.HTTPStatusError):
            return False
        return True

    await eventually(is_acknowledged)
    return made[0]


async def known_everywhere(client: Client, customer_id: str) -> None:
    """Wait until alerts has raised the customer's alert, and reporting has read it."""

    async def has_alert() -> bool:
        try:
            found = await client.get("reporting", f"/v1/customers/{customer_id}")
        except (httpx.TransportError, httpx.HTTPStatusError):
            return False
        return bool(found["open_alerts"] == 1)

    await eventually(has_alert)
