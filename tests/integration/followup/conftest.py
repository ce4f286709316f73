"""The followup service on a database of its own: its lists and files worked off, its API in-process."""

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from jwt import PyJWK

from chassis.consume.positions import Positions, Progress, Source
from chassis.http.auth import Authenticator
from chassis.postgres.database import Pool, open_pool, transaction
from chassis.runtime.supervisor import Supervisor
from chassis.service import ServiceContext
from chassis.store.pseudonym import Pseudonyms
from contracts.customer import AnyEvent, Kind, OwnerAssigned, Registered
from contracts.examples import CUSTOMER_NAME, LEADER, OWNER, example_envelope
from contracts.topics import CUSTOMER_EVENTS
from deploy.stack import tokens
from deploy.stack.tokens import Signer
from services.followup.__main__ import build
from services.followup.projection import customers
from tests.support.http_retry import patiently
from tests.support.servers import Servers
from tests.support.waiting import background, eventually, lasting
from tests.unit.chassis.issuer import SETTINGS

RUNNING_HERE = {"projection", "importer"}
STRANGER = "E9999"
ASSIGNEE = "E2002"
CALL = {"channel": "phone", "direction": "outbound", "content": "谈了续签"}
CALL_BACK = {"due_at": "2030-01-01T09:00:00+08:00", "assignee_id": ASSIGNEE, "content": "交付后回访"}
GRIEVANCE = {"channel": "wechat", "severity": "high", "topic": "late-delivery", "content": "又晚了三天"}


@dataclass
class World:
    """What a test does to the service, and how it looks inside."""

    client: httpx.AsyncClient
    signer: Signer
    pool: Pool
    pseudonyms: Pseudonyms

    async def send(
        self, method: str, path: str, subject: str = "ops", role: str = "ops", **given: Any
    ) -> httpx.Response:
        """Ask as somebody; `headers` and `json` go along."""
        token = tokens.mint(self.signer, subject, [role])
        headers = {"Authorization": f"Bearer {token}", **given.pop("headers", {})}
        return await patiently(lambda: self.client.request(method, path, headers=headers, **given))

    async def get(self, path: str, subject: str = "ops", role: str = "ops", **params: Any) -> httpx.Response:
        return await self.send("GET", path, subject, role, params=params)

    async def post(
        self, path: str, body: dict[str, Any], subject: str = "ops", role: str = "ops", **headers: str
    ) -> httpx.Response:
        """Send a command; `if_match` and `idempotency_key` are headers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.send("POST", path, subject, role, json=body, headers=named)

    async def hears_of_customer(
        self, customer_id: UUID | None = None, name: str = CUSTOMER_NAME, owner_id: str = OWNER
    ) -> UUID:
        """Let a customer come in from its topic."""
        known = customer_id or uuid4()
        facts: Sequence[AnyEvent] = [
            Registered(kind=Kind.COMPANY, name=name),
            OwnerAssigned(owner_id=owner_id, leader_id=LEADER),
        ]
        async with transaction(self.pool) as held:
            await customers.apply([example_envelope(fact, subject=known) for fact in facts], held)
        return known

    async def has_heard_all(self, until: Progress) -> None:
        """Let the customer topic say that nothing is missing up to an instant."""
        positions = Positions(customers.CONSUMER)
        for partition in range(CUSTOMER_EVENTS.partitions):
            source = Source(CUSTOMER_EVENTS.name, partition)
            started = await positions.load(self.pool, source)
            async with transaction(self.pool) as held:
                await positions.move(held, {source: (started.position, until)})

    async def head(self) -> int:
        position: int = await self.pool.fetchval("SELECT position FROM store_head")
        return position

    async def lists_are_level(self) -> None:
        """Wait until the lists show all that is in the log."""

        async def level() -> bool:
            position = await self.pool.fetchval(
                "SELECT position FROM consumer_position WHERE consumer = 'followup-list'"
            )
            return (position or 0) == await self.head()

        await eventually(level)


async def made(world: World, customer_id: UUID, kind: str, body: dict[str, Any], subject: str = OWNER) -> str:
    """Make a contact, task or complaint and return its address."""
    answered = await world.post(f"/v1/customers/{customer_id}/{kind}", body, subject, "sales")
    assert answered.status_code == 201, answered.text
    return answered.headers["Location"]


@pytest.fixture
async def followup_pool(running: Servers) -> AsyncIterator[Pool]:
    async with running.passing("followup") as database:
        opened = await open_pool(database.app, size=10, application_name="tests")
        yield opened
        await opened.close()


@pytest.fixture
async def world(followup_pool: Pool, signer: Signer) -> AsyncIterator[World]:
    authenticator = Authenticator(SETTINGS)
    authenticator.keys._keys = {key["kid"]: PyJWK(key) for key in tokens.jwks(signer)["keys"]}
    authenticator.keys._fetched_at = time.monotonic()
    service = build(ServiceContext(SETTINGS, followup_pool, Supervisor(), authenticator))
    runs = [lasting(task.run) for task in service.tasks if task.role in RUNNING_HERE]
    transport = httpx.ASGITransport(service.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://followup") as client, background(*runs):
        yield World(client, signer, followup_pool, Pseudonyms(SETTINGS.pseudonym_key))
