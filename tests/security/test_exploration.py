"""No request causes a server error, and every response matches the OpenAPI document (R42)."""

import asyncio
import sys
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import pytest

from deploy.stack.ports import HOST
from services import openapi
from services.request_examples import MONEY, TERM
from tests.security.exploration import SEED, ExplorationResult, explore
from tests.support.nginx import ALONE, BEHIND_NGINX, in_form
from tests.support.product import Product

QUICK_EXAMPLES = 4
NIGHTLY_EXAMPLES = 100


@pytest.fixture(scope="module")
async def things(product: Product) -> dict[str, str]:
    """An existing resource for each kind of id."""
    client = product.client
    body = {"name": "珠海香洲", "owner_id": "wang"}
    customer_id = str((await client.post("customer", "/v1/customers", body))["id"])
    path = f"/v1/customers/{customer_id}"
    contact = {"channel": "phone", "direction": "inbound"}
    return {
        "customer_id": customer_id,
        "contact_id": str((await client.post("followup", f"{path}/contacts", contact))["id"]),
        "task_id": str((await client.post("followup", f"{path}/tasks", {"due_at": "2030-01-01T00:00:00Z"}))["id"]),
        "complaint_id": str((await client.post("followup", f"{path}/complaints", {"channel": "phone"}))["id"]),
        "order_id": str((await client.post("customer", f"{path}/orders", MONEY))["id"]),
        "quote_id": str((await client.post("customer", f"{path}/quotes", MONEY))["id"]),
        "contract_id": str((await client.post("customer", f"{path}/contracts", TERM))["id"]),
        "import_id": await client.send_file("customer", "客户名称\n珠海香洲\n".encode()),
        "employee_id": "wang",
    }


async def run_exploration(
    product: Product, service: str, things: dict[str, str], examples: int, start: int, url: str = ""
) -> ExplorationResult:
    """Explore the service at its own address, or at `url`."""
    token = str(product.client.http.headers["authorization"]).removeprefix("Bearer ")
    url, stop = url or product.client.urls[service], Event()
    exploring = asyncio.ensure_future(
        asyncio.to_thread(explore, service, url, token, things, stop, examples=examples, start=start)
    )
    try:
        found = await asyncio.shield(exploring)
    except asyncio.CancelledError:
        # Python 3.11 cannot read source files in two threads at once, and failure reports read them.
        stop.set()
        await asyncio.gather(exploring, return_exceptions=True)
        raise
    sys.stderr.write(f"\n{service}: {found.requests} requests, {dict(sorted(found.statuses.items()))}, seed {start}\n")
    return found


@pytest.mark.parametrize(
    ("service", "form"),
    [
        ("customer", BEHIND_NGINX),
        pytest.param("customer", ALONE, marks=pytest.mark.nightly),
        *((service, ALONE) for service in openapi.SERVICES if service != "customer"),
    ],
)
async def test_no_request_makes_a_server_error(
    product: Product, service: str, things: dict[str, str], form: str, tmp_path: Path
) -> None:
    port = urlsplit(product.client.urls[service]).port
    assert port
    async with in_form(form, port, tmp_path / "nginx") as reached:
        found = await run_exploration(product, service, things, QUICK_EXAMPLES, SEED, f"http://{HOST}:{reached}")
    assert not found.faults, "\n".join(found.faults.values())
    assert any(status < 300 for status in found.statuses), found.statuses
    assert any(400 <= status < 500 for status in found.statuses), found.statuses


@pytest.mark.nightly
@pytest.mark.parametrize("start", range(2))
@pytest.mark.parametrize("service", openapi.SERVICES)
async def test_no_request_of_very_many_makes_one(
    product: Product, service: str, things: dict[str, str], start: int
) -> None:
    found = await run_exploration(product, service, things, NIGHTLY_EXAMPLES, start)
    assert not found.faults, "\n".join(found.faults.values())
