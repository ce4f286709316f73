"""A customer service of its own for the benchmarks of imports, and an office client on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from deploy.stack.layout import Layout
from deploy.stack.ports import free_port
from tests.bench.harness import processes
from tests.bench.harness.measuring import Bed, running
from tests.support.waiting import eventually

OFFICE = {"subject": "ops", "roles": ["ops"]}
CSV = {"Content-Type": "text/csv"}
REQUEST_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Office:
    """A client of the customer service at `url`, with a token of the operations staff in its `headers`."""

    client: httpx.AsyncClient
    url: str
    headers: dict[str, str]

    async def send(self, lines: list[str], kind: str) -> str:
        """Send a CSV file. Return the address of the import."""
        content = "\n".join(lines).encode()
        accepted = await self.client.post("/v1/imports", params={"kind": kind}, content=content, headers=CSV)
        return str(accepted.raise_for_status().headers["location"])

    async def wait_for(self, address: str, within: float) -> None:
        """Wait until an import has ended. Raises AssertionError if a row failed."""

        async def has_ended() -> bool:
            return bool((await self.client.get(address)).raise_for_status().json()["status"] == "succeeded")

        await eventually(has_ended, within=within)
        counts = (await self.client.get(address)).raise_for_status().json()["counts"]
        if counts.get("failed"):
            raise AssertionError(f"{counts['failed']} rows were refused")


@asynccontextmanager
async def office(bed: Bed) -> AsyncIterator[Office]:
    """Start the service with all its roles in one process."""
    layout = Layout(free_port())
    url = layout.url("customer")
    async with bed.store() as (database, _):
        environment = processes.environment(bed, layout, database)
        service = processes.python("customer", ["services.customer", "all"], url, bed, environment)
        client = httpx.AsyncClient(base_url=url, timeout=REQUEST_SECONDS, trust_env=False)
        async with running(processes.issuer(bed, layout)), running(service), client:
            answered = await client.post(f"{layout.issuer}/token", json=OFFICE)
            headers = {"Authorization": f"Bearer {answered.raise_for_status().json()['access_token']}"}
            client.headers.update(headers)
            yield Office(client, url, headers)
