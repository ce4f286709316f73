"""A mixed load on the whole stack: contacts and profile changes, as fast as possible or at a fixed rate."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter
from uuid import UUID, uuid4

import asyncpg

from tests.bench.stack.http_load import Connection, RefusedError, connections, post
from tests.bench.stack.whole import CONNECTIONS, LOAD_DEADLINE_SECONDS, Whole

SERVICES = ("followup", "customer")
LOOK_SECONDS = 0.01
# Looking for rows takes a tenth of its own connection's time at most.
LOOK_PAUSE = 10
ARRIVED = "SELECT contact_id FROM contact WHERE contact_id = ANY($1)"
CONTACT = {"channel": "phone", "direction": "outbound", "purpose": "quote", "outcome": "reached"}


@dataclass
class Seen:
    """What became of the commands: how long answers took, and how long after them rows appeared in reporting."""

    answer_seconds: list[float] = field(default_factory=list)
    row_seconds: list[float] = field(default_factory=list)
    sought: dict[UUID, float] = field(default_factory=dict)
    refused: int = 0

    def take(self) -> "Seen":
        """Return what was seen since the last time, and begin anew; what is sought still is."""
        found = Seen(self.answer_seconds, self.row_seconds, self.sought, self.refused)
        self.answer_seconds, self.row_seconds, self.refused = [], [], 0
        return found


@dataclass
class Load:
    """Sends commands about known customers; those that are refused are counted, and not sent again."""

    whole: Whole
    customers: Sequence[str]
    seen: Seen
    free: dict[str, "asyncio.Queue[Connection]"]
    numbers: "count[int]" = field(default_factory=count)

    async def at_most(self, seconds: float) -> int:
        """Let every connection ask without a pause; returns how many commands were answered."""
        before, until = len(self.seen.answer_seconds), perf_counter() + seconds

        async def ask() -> None:
            while perf_counter() < until:
                await self.ask(next(self.numbers))

        async with asyncio.timeout(seconds + LOAD_DEADLINE_SECONDS), asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(ask())
        return len(self.seen.answer_seconds) - before

    async def steadily(self, per_second: float, seconds: float) -> None:
        """Send each command at its own time, whatever the answers take."""
        started_at = perf_counter()
        async with asyncio.timeout(seconds + LOAD_DEADLINE_SECONDS), asyncio.TaskGroup() as group:
            for number in range(round(seconds * per_second)):
                await asyncio.sleep(started_at + number / per_second - perf_counter())
                group.create_task(self.ask(next(self.numbers)))

    async def ask(self, number: int) -> None:
        """Send one command; its time begins before it has a connection."""
        sent_at, service = perf_counter(), SERVICES[number % 2]
        customer_id = self.customers[number // 2 % len(self.customers)]
        connection = await self.free[service].get()
        try:
            answer = await connection.ask(self.request(number, service, customer_id))
        except RefusedError:
            self.seen.refused += 1
        else:
            answered_at = perf_counter()
            self.seen.answer_seconds.append(answered_at - sent_at)
            if service == "followup":
                self.seen.sought[UUID(json.loads(answer)["id"])] = answered_at
        finally:
            self.free[service].put_nowait(connection)

    def request(self, number: int, service: str, customer_id: str) -> bytes:
        headers = self.whole.headers | {"Idempotency-Key": str(uuid4())}
        if service == "followup":
            return post(f"/v1/customers/{customer_id}/contacts", CONTACT, headers)
        return post(f"/v1/customers/{customer_id}/profile", {"profile": {"region": f"上海 {number}"}}, headers)


@asynccontextmanager
async def loading(whole: Whole, customers: Sequence[str]) -> AsyncIterator[Load]:
    """Open what the load needs, and look for its rows in reporting meanwhile."""
    seen, free = Seen(), {service: asyncio.Queue[Connection]() for service in SERVICES}
    async with AsyncExitStack() as opened:
        for service, queue in free.items():
            for connection in await opened.enter_async_context(connections(whole.client.urls[service], CONNECTIONS)):
                queue.put_nowait(connection)
        looking = asyncio.create_task(look(whole.environment["CARE_REPORTING_DATABASE_URL"], seen))
        opened.callback(looking.cancel)
        yield Load(whole, customers, seen, free)


async def look(url: str, seen: Seen) -> None:
    """Note each row when it is first found."""
    database = await asyncpg.connect(url)
    try:
        while True:
            asked_at = perf_counter()
            rows = await database.fetch(ARRIVED, list(seen.sought)) if seen.sought else []
            found_at = perf_counter()
            seen.row_seconds += [found_at - seen.sought.pop(row["contact_id"]) for row in rows]
            await asyncio.sleep(max(LOOK_SECONDS, LOOK_PAUSE * (found_at - asked_at)))
    finally:
        await database.close()
