"""The whole stack under a steady load: contacts logged at a fixed rate, independent of the response times."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

from demo.client import Client, client_of
from deploy.stack import state
from deploy.stack.databases import DatabaseUrls
from deploy.stack.infrastructure import Infrastructure
from deploy.stack.layout import Layout
from deploy.stack.ports import free_port
from deploy.stack.supervisor import stack
from tests.bench.harness.measuring import Effort, Say
from tests.bench.stack.http_load import Connection, connections, post

COMMANDS_PER_SECOND = 200
CONNECTIONS = 64
PORTS_NEEDED = 100
HIGHEST_PORT = 65_535
LOAD_DEADLINE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Whole:
    """The running product, and an administrator's client on it."""

    client: Client
    environment: dict[str, str]
    effort: Effort
    say: Say

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": self.client.http.headers["authorization"]}


@dataclass(frozen=True, slots=True)
class Asked:
    """One command: whom it was about, what it made, when it was sent and when its answer had come."""

    customer_id: str
    contact_id: str
    sent_at: float
    answered_at: float


def stack_in(data_dir: Path) -> AbstractAsyncContextManager[tuple[Infrastructure, DatabaseUrls]]:
    return stack(data_dir, Layout(min(free_port(), HIGHEST_PORT - PORTS_NEEDED)), lambda _text: None)


@asynccontextmanager
async def client_beside(data_dir: Path, effort: Effort, say: Say) -> AsyncIterator[Whole]:
    """Open a client on the stack that runs in `data_dir`."""
    environment = state.running(data_dir).environment
    async with client_of(environment) as client:
        yield Whole(client, environment, effort, say)


async def register(whole: Whole, count: int, **fields: Any) -> list[str]:
    """Make `count` customers known, and wait until the followup service has heard of them."""
    async with connections(whole.client.urls["customer"], CONNECTIONS) as opened:
        bodies = [{"name": f"Company {uuid4()}", **fields} for _ in range(count)]
        found: list[str] = []

        async def ask(connection: Connection, own: Sequence[dict[str, Any]]) -> None:
            for body in own:
                answer = await connection.ask(post("/v1/customers", body, whole.headers))
                found.append(json.loads(answer)["id"])

        async with asyncio.TaskGroup() as group:
            for number, connection in enumerate(opened):
                group.create_task(ask(connection, bodies[number::CONNECTIONS]))
    return found


async def log_contacts(whole: Whole, customers: Sequence[str], seconds: float, told: Callable[[Asked], None]) -> None:
    """Log COMMANDS_PER_SECOND contacts, each at its own time; `told` hears of each answer as it comes."""
    free: asyncio.Queue[Connection] = asyncio.Queue()

    async def ask(customer_id: str) -> None:
        connection, sent_at = await free.get(), perf_counter()
        body = {"channel": "phone", "direction": "outbound", "purpose": "quote", "outcome": "reached"}
        headers = whole.headers | {"Idempotency-Key": str(uuid4())}
        answer = await connection.ask(post(f"/v1/customers/{customer_id}/contacts", body, headers))
        free.put_nowait(connection)
        told(Asked(customer_id, json.loads(answer)["id"], sent_at, perf_counter()))

    async with connections(whole.client.urls["followup"], CONNECTIONS) as opened:
        for connection in opened:
            free.put_nowait(connection)
        started_at, whom = perf_counter(), cycle(customers)
        async with asyncio.timeout(seconds + LOAD_DEADLINE_SECONDS), asyncio.TaskGroup() as group:
            for number in range(round(seconds * COMMANDS_PER_SECOND)):
                await asyncio.sleep(started_at + number / COMMANDS_PER_SECOND - perf_counter())
                group.create_task(ask(next(whom)))
