"""Fixtures: the alerts service as operations use it, and as people use it who handle alerts."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.consume.rebuild import SESSION
from chassis.http.auth import Authenticator
from chassis.postgres.database import Pool, open_pool, transaction
from chassis.runtime.supervisor import Supervisor
from chassis.service import Service, ServiceContext
from contracts.alerts import AlertRaised
from contracts.customer import HelperAdded, OwnerAssigned
from contracts.event import Event
from contracts.examples import ALERT_ID, CUSTOMER_ID, example, example_envelope
from services.alerts.__main__ import build
from services.alerts.dependencies import Dependencies
from services.alerts.detection.detector import Detector
from tests.bench.harness.event_data import fill
from tests.support.facts import received_of
from tests.support.many_alerts import Many
from tests.support.rule_books import THREE_RULES
from tests.support.rule_desk import RuleDesk
from tests.support.servers import Database, Servers
from tests.support.waiting import background, lasting
from tests.unit.chassis.issuer import SETTINGS, Issuer, client_of

OWNER, LEADER, ACTING, HELPER, STRANGER, LEFT = "E1", "E2", "E3", "E6", "E9", "E8"


@dataclass
class Desk:
    """The service, and what a person at a desk does with it. `tell` lets events of other services come in."""

    pool: Pool
    service: Service
    http: httpx.AsyncClient
    issuer: Issuer
    positions: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def needs(self) -> Dependencies:
        found: Dependencies = self.service.app.state.dependencies
        return found

    @property
    def detector(self) -> Detector:
        return Detector(self.needs.store, self.pool, self.needs.mapper, THREE_RULES)

    async def tell(self, *told: Event, subject: UUID = CUSTOMER_ID, **more: Any) -> None:
        envelopes = [
            example_envelope(
                each, id=uuid4(), subject=subject, stream_id=subject, position=next(self.positions), **more
            )
            for each in told
        ]
        async with transaction(self.pool) as held:
            await self.detector.apply(received_of(envelopes), held)
        self.needs.store.wake()

    async def open(self, alert_id: UUID = ALERT_ID, subject: UUID = CUSTOMER_ID, **fields: Any) -> None:
        named = {"owner_id": ACTING, "customer_owner_id": OWNER, "leader_id": LEADER, "alert_id": alert_id, **fields}
        await fill(
            self.needs.store, [example_envelope(example(AlertRaised, **named), subject=subject, stream_id=alert_id)]
        )

    async def post(
        self, path: str, body: dict[str, Any] | None = None, by: str = OWNER, role: str = "sales", **headers: str
    ) -> httpx.Response:
        return await self.http.post(path, json=body or {}, headers=self.issuer.headers(by, role, **headers))

    async def get(self, path: str, by: str = OWNER, role: str = "sales") -> httpx.Response:
        return await self.http.get(path, headers=self.issuer.headers(by, role))

    async def types(self, alert_id: UUID = ALERT_ID) -> list[str]:
        return [row.topic.split(".")[2] async for row in self.needs.store.read_stream(alert_id)]


@pytest.fixture
async def database(running: Servers) -> AsyncIterator[Database]:
    """The database of `desk`."""
    async with running.passing("alerts") as made:
        yield made


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[Pool]:
    """The owner of the tables, who derives them again."""
    session = {**SESSION, "role": "care_migrator"}
    pool = await open_pool(database.admin, size=2, application_name="tests", session=session)
    yield pool
    await pool.close()


@pytest.fixture
async def desk(database: Database, issuer: Issuer) -> AsyncIterator[RuleDesk]:
    """The service with the shipped rules, without customers."""
    pool = await open_pool(database.app, size=4, application_name="tests")
    made = RuleDesk(pool, issuer)
    async with made.http:
        yield made
    await pool.close()


@pytest.fixture
async def alert_desk(running: Servers, issuer: Issuer) -> AsyncIterator[Desk]:
    """The service with one open alert, about a customer of E1, whom E2 leads and E6 helps; E3 has to act."""
    async with running.passing("alerts") as database:
        pool = await open_pool(database.app, size=6, application_name="tests")
        service = build(ServiceContext(SETTINGS, pool, Supervisor(), Authenticator(SETTINGS)))
        runs = [lasting(task.run) for task in service.tasks if task.role == "projection"]
        async with client_of(service.app) as http, background(*runs):
            desk = Desk(pool, service, http, issuer)
            await desk.tell(OwnerAssigned(owner_id=OWNER, leader_id=LEADER), HelperAdded(employee_id=HELPER))
            await desk.open()
            yield desk
        await pool.close()


@pytest.fixture
async def many(desk: RuleDesk, monkeypatch: pytest.MonkeyPatch) -> Many:
    made = Many(desk)
    await made.begin(monkeypatch)
    return made
