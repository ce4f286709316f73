"""An HTTP client of the four services."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

TIMEOUT_SECONDS = 30.0
# A file of the largest size is read before the answer, and a preview is given up after 30 seconds.
FILE_SECONDS = 120.0
POLL_SECONDS = 0.3
CSV_TYPE = "text/csv"


@dataclass(frozen=True, slots=True)
class Client:
    """Talks to a running stack as an administrator. `urls` are by service."""

    http: httpx.AsyncClient
    urls: dict[str, str]
    issuer: str

    async def get(self, service: str, path: str, **query: str) -> Any:
        response = await self.http.get(self.urls[service] + path, params=query)
        response.raise_for_status()
        return response.json()

    async def post(self, service: str, path: str, body: dict[str, Any]) -> Any:
        response = await self.http.post(self.urls[service] + path, json=body)
        response.raise_for_status()
        return response.json()

    async def put(self, service: str, path: str, body: dict[str, Any]) -> None:
        (await self.http.put(self.urls[service] + path, json=body)).raise_for_status()

    async def pages(self, service: str, path: str, **query: str) -> AsyncIterator[Any]:
        """Yield the items of a list, page by page."""
        while True:
            page = await self.get(service, path, **query)
            for item in page["items"]:
                yield item
            if not page["has_more"]:
                return
            query["cursor"] = page["next_cursor"]

    async def send_file(
        self, service: str, content: bytes, kind: str = "", content_type: str = CSV_TYPE, **query: str | None
    ) -> str:
        """Send a file and return the id of the import. A parameter of `query` without a value is left out."""
        accepted = await self._send(service, content, content_type, query | {"kind": kind})
        return str(accepted["id"])

    async def preview_file(
        self, service: str, content: bytes, kind: str, content_type: str, **query: str | None
    ) -> dict[str, Any]:
        """Return what an import of the file would do."""
        return await self._send(service, content, content_type, query | {"kind": kind, "preview": "true"})

    async def _send(
        self, service: str, content: bytes, content_type: str, query: dict[str, str | None]
    ) -> dict[str, Any]:
        url, headers = f"{self.urls[service]}/v1/imports", {"Content-Type": content_type}
        stated = {name: value for name, value in query.items() if value}
        response = await self.http.post(url, content=content, params=stated, headers=headers, timeout=FILE_SECONDS)
        answered: dict[str, Any] = response.raise_for_status().json()
        return answered

    async def progress_of(self, service: str, import_id: str) -> AsyncIterator[dict[str, Any]]:
        """Yield the state of an import until it has ended."""
        while True:
            state = await self.get(service, f"/v1/imports/{import_id}")
            yield state
            if state["status"] not in {"pending", "running"}:
                return
            await asyncio.sleep(POLL_SECONDS)

    async def end_of(self, service: str, import_id: str) -> dict[str, Any]:
        """Wait for the end of an import and return it."""
        return [state async for state in self.progress_of(service, import_id)][-1]


@asynccontextmanager
async def client_of(environment: dict[str, str], subject: str = "demo") -> AsyncIterator[Client]:
    """Open a client of the stack with this environment."""
    urls = {name: environment[f"CARE_{name.upper()}_URL"] for name in ("customer", "followup", "alerts", "reporting")}
    issuer = environment["CARE_ISSUER"]
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as http:
        request = {"subject": subject, "roles": ["admin"]}
        token = (await http.post(f"{issuer}/token", json=request)).raise_for_status().json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        yield Client(http, urls, issuer)
