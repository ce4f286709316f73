"""The alerts service as operations use it, on a real database: the API, the detector and the sweep."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from chassis.http.auth import Authenticator
from chassis.postgres.database import Pool, transaction
from chassis.runtime.supervisor import Supervisor
from chassis.service import ServiceContext
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.store.pseudonym import Pseudonyms
from chassis.versions.lookup import Versions
from contracts.alerts import AlertEvent
from contracts.customer import Kind, OwnerAssigned, Registered
from contracts.event import Envelope, Event, Metadata
from contracts.topics import CONFIGURATION, PARTITIONS
from services.alerts import projection
from services.alerts.__main__ import build
from services.alerts.detection.detector import CONSUMER, FEEDS, Detector
from services.alerts.detection.stored_rules import StoredRules
from services.alerts.detection.sweep import Sweep
from services.alerts.domain.definition import CONTACT_DEFINITION, QUIET_HOURS
from services.alerts.engine.rule_book import RuleBook, Rules
from services.alerts.quiet_hours.stored import StoredQuietHours
from services.alerts.shipped.rules import DEFAULT_RULES
from tests.support.facts import received_of
from tests.unit.chassis.issuer import SETTINGS, Issuer, client_of

READ = 1_000
COMPLETE = """
    INSERT INTO consumer_position (consumer, topic, partition, position, watermark)
    SELECT $1, topic, partition, 0, $4 FROM unnest($2::text[]) topic, generate_series(0, $3 - 1) partition
    ON CONFLICT (consumer, topic, partition) DO UPDATE SET watermark = excluded.watermark
"""


def days_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def stored_rules() -> StoredRules:
    contacts = Pseudonyms(SETTINGS.pseudonym_key).derived(*CONTACT_DEFINITION.stream)
    return StoredRules(DEFAULT_RULES, EventMapper(), contacts)


@dataclass
class RuleDesk:
    """One process of the alerts service. `ask` sends a request; `settle` lets all background work be done."""

    pool: Pool
    issuer: Issuer
    rules: Rules = field(default_factory=stored_rules)
    # The position up to which the own events are applied.
    applied: int = 0
    # How many events of other services were received.
    heard: int = 0

    def __post_init__(self) -> None:
        self.store, self.mapper = EventStore(self.pool), EventMapper()
        versions = Versions(QUIET_HOURS, self.store, self.mapper, Pseudonyms(SETTINGS.pseudonym_key))
        quiet_hours = StoredQuietHours(self.mapper, versions.stream_of())
        self.detector = Detector(self.store, self.pool, self.mapper, self.rules, quiet_hours=quiet_hours)
        self.sweep = Sweep(self.pool, self.detector, self.rules)
        context = ServiceContext(SETTINGS, self.pool, Supervisor(), Authenticator(SETTINGS))
        self.http = client_of(build(context).app)

    async def ask(self, method: str, path: str, body: Any = None, role: str = "ops") -> httpx.Response:
        return await self.http.request(method, path, json=body, headers=self.issuer.headers("E9", role))

    async def done(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request that succeeds, and return its answer."""
        response = await self.ask(method, path, body)
        assert response.is_success, response.text
        return response.json()

    async def publish(self, name: str, definition: Mapping[str, Any], backlog: str = "raise") -> None:
        draft = await self.draft(name, definition)
        seen = await self.done("POST", f"/v1/rules/{name}/preview", {"definition": definition})
        body = {"draft": draft, "preview": seen["preview"], "backlog": backlog, "reason": "A test"}
        await self.done("POST", f"/v1/rules/{name}/publication", body)

    async def draft(self, name: str, definition: Mapping[str, Any]) -> int:
        await self.done("PUT", f"/v1/rules/{name}/draft", {"definition": definition, "reason": "A test"})
        found = await self.done("GET", f"/v1/rules/{name}/draft")
        return int(found["number"])

    async def retire(self, name: str) -> None:
        await self.done("POST", f"/v1/rules/{name}/retirement", {"reason": "A test"})

    async def customer(self, silent_days: float, owner_id: str = "E1") -> UUID:
        """Register a customer so many days ago, whom nobody has contacted since."""
        customer_id, at = uuid4(), days_ago(silent_days)
        await self.tell(customer_id, Registered(name="上海腾云", kind=Kind.COMPANY), at)
        await self.tell(customer_id, OwnerAssigned(owner_id=owner_id, leader_id="E2"), at)
        return customer_id

    async def tell(
        self,
        customer_id: UUID,
        event: Event,
        at: datetime | None = None,
        *,
        stream_id: UUID | None = None,
        recorded_at: datetime | None = None,
    ) -> UUID:
        event_id, at = uuid4(), at or datetime.now(UTC)
        metadata = Metadata(actor="tests", correlation_id="tests")
        self.heard += 1
        stream, known = stream_id or customer_id, recorded_at or at
        envelope = Envelope(event_id, customer_id, stream, 1, self.heard, at, known, metadata, event)
        async with transaction(self.pool) as held:
            await self.detector.apply(received_of([envelope]), held)
        return event_id

    async def settle(self) -> None:
        """Apply the own events, raise what is due, and judge everybody again."""
        await self.follow()
        await self.pool.execute(COMPLETE, CONSUMER, FEEDS, PARTITIONS, datetime.now(UTC))
        while await self.detector.run_due() or await self.sweep.run_due():
            await self.follow()
        await self.follow()

    async def follow(self) -> None:
        """Apply the events of the own store to the lists."""
        while rows := await self.store.read_all(after=self.applied, limit=READ):
            async with transaction(self.pool) as held:
                await projection.apply([self.mapper.to_envelope(row) for row in rows], held)
            self.applied = rows[-1].id

    async def current(self, rules: Rules) -> RuleBook:
        async with transaction(self.pool) as held:
            return (await rules.current(held)).book

    async def told(self, rule_id: str | None = None) -> list[Envelope[AlertEvent]]:
        """Return all alert events, or those of one rule, in the order of their positions."""
        envelopes = [self.mapper.to_envelope(row) for row in await self.store.read_all(after=0, limit=READ)]
        found = [each for each in envelopes if type(each.event) not in CONFIGURATION]
        return [each for each in found if rule_id in {None, each.event.rule_id}]

    async def published(self, name: str) -> list[UUID]:
        """Return the ids of the events that published or retired a rule."""
        envelopes = [self.mapper.to_envelope(row) for row in await self.store.read_all(after=0, limit=READ)]
        kinds = {"care.alert.rule-published.v1", "care.alert.rule-retired.v1"}
        return [each.id for each in envelopes if each.event.type in kinds and each.event.name == name]


def silence(days: int, **others: Any) -> dict[str, Any]:
    """Return the definition of a rule about contacts, with the same days for all tiers of new customers."""
    return {
        "title": {"en": "Nobody calls", "zh": "没有人联系"},
        "severities": {"others": "warning"},
        "condition": {"shape": "silence", "signals": ["human-contact"], "days": {"follow-up": {"others": days}}},
        **others,
    }


def kinds(told: list[Envelope[AlertEvent]]) -> list[str]:
    return [each.event.type.split(".")[2] for each in told]
