"""The four services in one process, each with its own database, and one customer that exists in all of them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import httpx
from jwt import PyJWK

from chassis.http.auth import Authenticator
from chassis.postgres.database import Pool, open_pool, transaction
from chassis.runtime.supervisor import Supervisor
from chassis.service import ServiceContext
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.examples import ALERT_ID, LEADER, METADATA, OWNER, example_envelope
from deploy.stack import tokens
from services import openapi
from services.alerts.detection.detector import Detector
from services.alerts.engine.changes import Raising
from services.alerts.projection import holders
from services.alerts.shipped.rules import DEFAULT_RULES
from services.followup.projection import customers
from services.request_examples import FILE_EXAMPLES, MONEY, REQUEST_EXAMPLES, TERM
from tests.integration.reporting.conftest import feed
from tests.security.operations import CSV, next_absence, once
from tests.security.ownership_events import HELPER, Ownership, facts_of, owned, raised
from tests.support.http_retry import patiently
from tests.support.servers import Servers
from tests.support.waiting import background, eventually, lasting
from tests.unit.chassis.issuer import SETTINGS, client_of

LEFT_A_FACT = "SELECT EXISTS (SELECT FROM event AS fact WHERE fact.position > $1 AND position($2 IN fact.state) > 0)"
ELSEWHERE = {"relay", "consumer"}
BEFORE = {**TERM, "starts_on": "2023-01-01", "ends_on": "2023-12-31"}
COMMERCE = {"order": MONEY, "quote": MONEY, "contract": BEFORE}
OWNED = {"owner_id": OWNER, "leader_id": LEADER}


@dataclass
class World:
    """The services under test. `things` are ids for path parameters, of resources that belong to OWNER."""

    signer: tokens.Signer
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    things: dict[str, str] = field(default_factory=dict)
    _tokens: dict[tuple[str, ...], str] = field(default_factory=dict)

    async def ask(
        self, service: str, method: str, path: str, subject: str | None = "ops", role: str = "ops", **given: Any
    ) -> httpx.Response:
        """Send a request as `subject`, without a token if None. Retries when the service is busy."""
        headers = dict(given.pop("headers", {}))
        if subject is not None:
            headers["Authorization"] = f"Bearer {self.token(subject, role)}"
        return await patiently(lambda: self.clients[service].request(method, path, headers=headers, **given))

    def token(self, subject: str, *roles: str) -> str:
        """Return a token; cached, because signing takes longer than a request."""
        if (subject, *roles) not in self._tokens:
            self._tokens[subject, *roles] = tokens.mint(self.signer, subject, roles)
        return self._tokens[subject, *roles]

    async def made(self, service: str, path: str, body: dict[str, Any]) -> str:
        """Send a command as ops and return the id of the created resource."""
        response = await self.ask(service, "POST", path, json=body)
        assert response.is_success, response.text
        return str(response.json()["id"])

    async def head(self, service: str) -> int:
        """Return the position of the last event; reporting has none."""
        if service == "reporting":
            return 0
        position: int = await self.pools[service].fetchval("SELECT position FROM store_head")
        return position

    async def left_a_fact(self, service: str, since: int, response: httpx.Response) -> bool:
        """Return whether this request, and not a timer, plan or batch, has added an event after `since`."""
        if service == "reporting":
            return False
        told = f'"correlationid":"{response.headers["x-correlation-id"]}"'.encode()
        return bool(await self.pools[service].fetchval(LEFT_A_FACT, since, told))

    async def new_task(self) -> str:
        path = f"/v1/customers/{self.things['customer_id']}/tasks"
        due_at = (datetime.now(UTC) + timedelta(days=2)).isoformat()
        return await self.made("followup", path, {"due_at": due_at, "assignee_id": OWNER})

    async def new_absence(self, employee_id: str = OWNER) -> str:
        """Record an absence that overlaps no other one."""
        path = f"/v1/employees/{employee_id}/absences"
        response = await self.ask("followup", "POST", path, json=next_absence(), headers=once())
        assert response.is_success, response.text
        return response.headers["location"].rpartition("/")[2]

    async def new_survey(self) -> str:
        path = f"/v1/customers/{self.things['customer_id']}/surveys"
        return await self.made("followup", path, REQUEST_EXAMPLES["SendSurvey"])

    async def new_invitation(self) -> str:
        """Send a survey and return its invitation code."""
        response = await self.ask("followup", "GET", f"/v1/surveys/{await self.new_survey()}/invitation")
        assert response.is_success, response.text
        return str(response.json()["code"])

    async def new_rule(self) -> dict[str, str]:
        """Draft a rule and preview it."""
        name = f"rule-{uuid4()}"
        saved = await self.ask("alerts", "PUT", f"/v1/rules/{name}/draft", json=REQUEST_EXAMPLES["RuleDraft"])
        assert saved.is_success, saved.text
        seen = await self.ask("alerts", "POST", f"/v1/rules/{name}/preview", json=REQUEST_EXAMPLES["RuleContent"])
        return {"rule": name, "preview": seen.json()["preview"]}

    async def new_key_contact(self, **whose: str) -> str:
        """Add a key contact to the customer, or to the customer `whose`."""
        path = "/v1/customers/{customer_id}/key-contacts".format_map(self.things | whose)
        response = await self.ask("customer", "POST", path, json=REQUEST_EXAMPLES["KeyContact"])
        assert response.is_success, response.text
        return response.headers["location"].rpartition("/")[2]

    async def new_erasure(self, *, asked: bool) -> dict[str, str]:
        """Register a new customer with a key contact; if `asked`, also erase the customer."""
        body = {"name": "绍兴会稽", "owner_id": OWNER, "leader_id": LEADER}
        customer_id = await self.made("customer", "/v1/customers", body)
        key_contact_id = await self.new_key_contact(customer_id=customer_id)
        if asked:
            await self.made("customer", f"/v1/customers/{customer_id}/erasure", REQUEST_EXAMPLES["Erase"])
        return {"customer_id": customer_id, "key_contact_id": key_contact_id}

    async def new_handover(self) -> str:
        """Start a handover of a new customer to the stranger; return the customer's id."""
        body = {"name": "宁波东钱", "owner_id": OWNER, "leader_id": LEADER}
        customer_id = await self.made("customer", "/v1/customers", body)
        await self.made("customer", f"/v1/customers/{customer_id}/handover", REQUEST_EXAMPLES["StartHandover"])
        return customer_id

    async def new_duplicate(self, *, is_merged: bool) -> dict[str, str]:
        """Register two customers of OWNER, optionally merged; return their ids."""
        body = {"name": "宁波东钱", "owner_id": OWNER, "leader_id": LEADER}
        survivor_id, duplicate_id = [await self.made("customer", "/v1/customers", body) for _ in range(2)]
        if is_merged:
            await self.made("customer", f"/v1/customers/{survivor_id}/duplicates", {"duplicate_id": duplicate_id})
        return {"customer_id": survivor_id, "duplicate_id": duplicate_id}

    async def new_complaint(self, *steps: str) -> str:
        """Raise a complaint and apply `steps` to it."""
        path = f"/v1/customers/{self.things['customer_id']}/complaints"
        complaint_id = await self.made("followup", path, {"channel": "phone", "owner_id": OWNER})
        for step in steps:
            await self.made("followup", f"/v1/complaints/{complaint_id}/{step}", {})
        return complaint_id

    async def new_commerce(self, *nouns: str) -> dict[str, str]:
        """Create an order, an issued quote and a contract of the customer."""
        path = f"/v1/customers/{self.things['customer_id']}"
        return {f"{noun}_id": await self.made("customer", f"{path}/{noun}s", COMMERCE[noun]) for noun in nouns}


@asynccontextmanager
async def world_on(running: Servers, signer: tokens.Signer) -> AsyncIterator[World]:
    made = World(signer)
    async with AsyncExitStack() as stack:
        for name in openapi.SERVICES:
            database = await running.database(name)
            pool = await open_pool(database.app, size=4, application_name="tests")
            stack.push_async_callback(pool.close)
            service = import_module(f"services.{name}.__main__").build(parts(pool, signer))
            made.pools[name] = pool
            made.clients[name] = await stack.enter_async_context(client_of(service.app))
            runs = [lasting(task.run) for task in service.tasks if task.role not in ELSEWHERE]
            await stack.enter_async_context(background(*runs))
        await settle(made)
        yield made


def parts(pool: Pool, signer: tokens.Signer) -> ServiceContext:
    authenticator = Authenticator(SETTINGS)
    authenticator.keys._keys = {key["kid"]: PyJWK(key) for key in tokens.jwks(signer)["keys"]}
    authenticator.keys._fetched_at = monotonic()
    return ServiceContext(SETTINGS, pool, Supervisor(), authenticator)


async def settle(world: World) -> None:
    """Create the customer with one resource of each kind, and a second set without an owner."""
    body = {"name": "上海腾云", "owner_id": OWNER, "leader_id": LEADER}
    customer_id = await world.made("customer", "/v1/customers", body)
    # Two more customers with the same name, phone and number, for the list of possible duplicates.
    alike = [customer_id, *[await world.made("customer", "/v1/customers", body) for _ in range(2)]]
    for each in alike:
        await world.made("customer", f"/v1/customers/{each}/key-contacts", {"name": "吴敏", "phone": "13800138000"})
    for system, each in enumerate(alike):
        number = {"reference": {"system": f"world-{system}", "id": "KH-4711"}}
        await world.made("customer", f"/v1/customers/{each}/references", number)
    for each in alike:
        await world.made("customer", f"/v1/customers/{each}/helpers", {"employee_id": HELPER})
    nobodys = await world.made("customer", "/v1/customers", {"name": "无锡太湖"})
    world.things |= {
        "customer_id": customer_id,
        "employee_id": OWNER,
        "duplicate_id": nobodys,
        "alert_id": str(ALERT_ID),
        "rule_id": "inactivity",
        "purpose": "visit",
        "tag": "vip-care",
        "template": "win-back",
        "scheme": "abc",
        "segment": "key-accounts",
        "rule": "inactivity",
        "severity": "critical",
        "name": "china-office",
        "day": "2190-01-04",
    }
    whose = {UUID(customer_id): OWNED, UUID(nobodys): {}}
    await tell_followup(world.pools["followup"], whose)
    await tell_alerts(world.pools["alerts"], whose)
    await feed(world.pools["reporting"], facts_of(whose))
    draft = await world.ask("alerts", "PUT", "/v1/rules/inactivity/draft", json=REQUEST_EXAMPLES["RuleDraft"])
    assert draft.is_success, draft.text
    vocabulary = await world.ask("customer", "PUT", "/v1/tag-vocabulary", json=REQUEST_EXAMPLES["TagVocabulary"])
    assert vocabulary.is_success, vocabulary.text
    form = await world.ask("followup", "PUT", "/v1/contact-forms/visit", json=REQUEST_EXAMPLES["ContactForm"])
    assert form.is_success, form.text
    contact = {"channel": "phone", "direction": "inbound"}
    for each in (nobodys, customer_id):
        world.things["customer_id"] = each
        world.things["contact_id"] = await world.made("followup", f"/v1/customers/{each}/contacts", contact)
        # Nobody here helps with the customer: the two guards that are to be listed trip.
        for employee_id in ("E8003", "E8004"):
            said = {"channel": "phone", "direction": "outbound", "employee_id": employee_id}
            await world.made("followup", f"/v1/customers/{each}/contacts", said)
        world.things["task_id"] = await world.new_task()
        world.things["survey_id"] = await world.new_survey()
        world.things["complaint_id"] = await world.new_complaint()
        world.things |= await world.new_commerce(*COMMERCE)
    world.things["code"] = await world.new_invitation()
    world.things["absence_id"] = await world.new_absence()
    # One more, so that the list has a second page.
    await world.new_absence()
    policy = await world.ask("followup", "PUT", "/v1/survey-policy", json=REQUEST_EXAMPLES["PublishSurveyPolicy"])
    assert policy.is_success, policy.text
    world.things["key_contact_id"] = await world.new_key_contact()
    # Before the customer's own, so that a list with that one has two entries.
    await world.new_handover()
    await world.made("customer", f"/v1/customers/{customer_id}/handover", REQUEST_EXAMPLES["StartHandover"])
    world.things["batch_id"] = await world.made(
        "customer", "/v1/handover-batches", REQUEST_EXAMPLES["StartHandoverBatch"]
    )
    await eventually(lambda: lists_show(world, customer_id))


async def tell_followup(pool: Pool, whose: Ownership) -> None:
    facts = [example_envelope(fact, subject=customer_id) for customer_id, held in whose.items() for fact in owned(held)]
    async with transaction(pool) as held:
        await customers.apply(facts, held)


async def tell_alerts(pool: Pool, whose: Ownership) -> None:
    detector = Detector(EventStore(pool), pool, EventMapper(), DEFAULT_RULES)
    facts = [example_envelope(fact, subject=each) for each, held_by in whose.items() for fact in owned(held_by)]
    async with transaction(pool) as held:
        await holders.apply(facts, held)
        await detector._append(
            held, [(each, Raising(raised(each, held_by)), METADATA) for each, held_by in whose.items()]
        )


async def lists_show(world: World, customer_id: str) -> bool:
    """Return whether every list contains the customer."""
    lists = {
        "customer": ["/v1/customers", "/v1/duplicates?limit=2", "/v1/handovers"],
        "followup": ["/v1/contacts", "/v1/tasks", "/v1/complaints", "/v1/guards", "/v1/surveys"],
        "alerts": ["/v1/alerts"],
    }
    shown = [
        customer_id in (await world.ask(service, "GET", path)).text
        for service, paths in lists.items()
        for path in paths
    ]
    return all(shown) and OWNER in (await world.ask("followup", "GET", "/v1/absences")).text


async def send_file(world: World, service: str) -> str:
    """Send a small file as ops and return the id of its import."""
    headers = {"content-type": CSV}
    response = await world.ask(service, "POST", "/v1/imports", content=FILE_EXAMPLES[service].encode(), headers=headers)
    assert response.is_success, response.text
    return str(response.json()["id"])
