"""What survives a kill -9 in the middle of the work."""

from datetime import date
from typing import Any

import httpx

from demo.client import Client
from demo.company import customers_csv, generate
from tests.support.processes import kill
from tests.support.product import Product
from tests.support.waiting import eventually

CUSTOMERS = 1_500


async def test_an_import_goes_on_after_a_kill_and_takes_in_every_row_once(product: Product) -> None:
    client = product.client
    content = customers_csv(generate(11, CUSTOMERS, date(2026, 11, 1)))
    import_id = await client.send_file("customer", content)

    async def has_begun() -> bool:
        counts: dict[str, int] = (await seen(client, import_id))["counts"]
        return counts.get("created", 0) > 0

    await eventually(has_begun)
    kill("services.customer", client.urls["customer"].rpartition(":")[2])
    ended: dict[str, Any] = {}

    async def has_ended() -> bool:
        try:
            ended.update(await seen(client, import_id))
        except httpx.TransportError:
            return False
        return bool(ended["status"] == "succeeded")

    await eventually(has_ended)
    assert ended["counts"] == {"created": CUSTOMERS}
    again = await client.end_of("customer", await client.send_file("customer", content))
    assert again["counts"] == {"unchanged": CUSTOMERS}


async def seen(client: Client, import_id: str) -> dict[str, Any]:
    found: dict[str, Any] = await client.get("customer", f"/v1/imports/{import_id}")
    return found
