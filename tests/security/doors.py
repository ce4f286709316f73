"""Tells a running product the canary words: by every field that takes words, and in every way that is refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx

from tests.security import scan, spans
from tests.security.operations import CSV, JSON, Operation, operations, schema_of
from tests.support.product import Product
from tests.support.waiting import eventually

# What is kept goes to the vault; what is refused goes nowhere. Each is half Chinese, as most names here are.
# Where a word stands as a field's name it may be said back to whoever wrote it, and still goes nowhere.
KEPT, REFUSED, NAMED = "金丝雀甲kept7q3xz", "金丝雀乙refused9w5vk", "金丝雀丁named4r8pt"
KEPT_PHONE, KEPT_EMAIL = "+8613957162840", f"{KEPT}@example.com"
SEND_AT = (datetime.now(UTC) + timedelta(days=1)).isoformat()
LONG_AGO = (datetime.now(UTC) - timedelta(days=90)).isoformat()
# The fields whose words are personal, by the schema of their body. Other texts are business facts and are published.
PERSONAL: dict[str, dict[str, Any]] = {
    "Register": {"kind": "person", "person_name": KEPT},
    "Rename": {"person_name": KEPT},
    "KeyContact": {
        "name": KEPT,
        "phone": KEPT_PHONE,
        "email": KEPT_EMAIL,
        "dates": [{"kind": "birthday", "month": 2, "day": 29, "year": 1964}],
    },
    "StateNeed": {"need": "upgrade", "text": KEPT},
    "RecordNews": {"topic": "new-project", "text": KEPT},
    "Employee": {"name": KEPT},
    "AcceptHandover": {"note": KEPT},
    "WithdrawHandover": {"reason": KEPT},
    "LogContact": {
        "channel": "phone",
        "direction": "inbound",
        "content": KEPT,
        "goal": KEPT,
        "purpose": "visit",
        "fields": [{"name": "impression", "value": KEPT}, {"name": "visitors", "value": 2}],
        "attachments": [{"kind": "recording", "uri": f"file:///{KEPT}"}],
    },
    "ScheduleTask": {"due_at": SEND_AT, "content": KEPT},
    "Reschedule": {"due_at": SEND_AT, "reason": KEPT},
    "Cancel": {"reason": KEPT},
    "Raise": {"channel": "phone", "severity": "high", "occurred_at": LONG_AGO, "content": KEPT},
    "Answer": {"content": KEPT},
    "AnswerSurvey": {"score": 4, "comment": KEPT},
}
FORM = {"fields": [{"name": "impression", "kind": "text"}, {"name": "visitors", "kind": "number", "personal": True}]}
CUSTOMERS_FILE = f"客户编号,客户名称,负责人,跟进状态\nK1,南京钟山,{KEPT},跟进中\nK2,{REFUSED},{KEPT},{REFUSED}\n"
FOLLOWUPS_FILE = (
    "跟进客户,客户编号,跟进时间,跟进内容,负责人员,状态\n"
    f"南京钟山,K1,2024-06-01,{KEPT},{KEPT},已完成\n"
    f"南京钟山,K1,{REFUSED},{REFUSED},{REFUSED},已完成\n"
    f"{REFUSED},{REFUSED},2024-06-01,{REFUSED},{REFUSED},{REFUSED}\n"
)


PARK = """
    INSERT INTO parked_event (consumer, topic, partition, position, subject, headers, value, reason)
    VALUES ('reporting', 'care.customer.events.v1', 0, 0, $1, '{}', NULL, 'a test''s own')
"""


@dataclass(frozen=True, slots=True)
class Doors:
    """The product's doors, and the ids behind which something stands."""

    product: Product
    things: dict[str, str]

    async def ask(self, service: str, method: str, path: str, **given: Any) -> httpx.Response:
        return await self.product.client.http.request(method, self.product.client.urls[service] + path, **given)

    async def personal(self, service: str, path: str, schema: str, method: str = "POST") -> str:
        response = await self.ask(service, method, path, json=PERSONAL[schema])
        assert response.is_success, response.text
        return str(response.json()["id"])


async def told(product: Product) -> Doors:
    """Return a product that has been told everything, once all of it has gone everywhere that it goes."""
    made = Doors(
        product,
        {
            "employee_id": "E7001",
            "absence_id": "0",
            "alert_id": "0",
            "import_id": "0",
            "batch_id": "0",
            "duplicate_id": "0",
            "purpose": "visit",
            "tag": "vip-care",
            "template": "win-back",
            "scheme": "abc",
            "segment": "key-accounts",
            "name": "china-office",
            "day": "2190-01-04",
        },
    )
    await tell(made)
    await park(made)
    await break_down(made)
    await err(made)
    await send_files(made)
    await all_has_gone_through(made)
    return made


async def tell(doors: Doors) -> None:
    """Say everything personal that can be said."""
    things = doors.things
    things["customer_id"] = await doors.personal("customer", "/v1/customers", "Register")
    await doors.personal("customer", "/v1/employees/E7001", "Employee", "PUT")
    form = await doors.ask("followup", "PUT", "/v1/contact-forms/visit", json=FORM)
    assert form.is_success, form.text
    customer = f"/v1/customers/{things['customer_id']}"
    # The answer of a command names the customer; whom it added, its address.
    await doors.personal("customer", f"{customer}/name", "Rename")
    await doors.personal("customer", f"{customer}/key-contacts", "KeyContact")
    await doors.personal("customer", f"{customer}/needs", "StateNeed")
    await doors.personal("customer", f"{customer}/news", "RecordNews")
    things["key_contact_id"] = things["customer_id"]
    things["contact_id"] = await doors.personal("followup", f"{customer}/contacts", "LogContact")
    things["task_id"] = await doors.personal("followup", f"{customer}/tasks", "ScheduleTask")
    await doors.personal("followup", f"/v1/tasks/{things['task_id']}/rescheduling", "Reschedule")
    await doors.personal("followup", f"/v1/tasks/{things['task_id']}/cancellation", "Cancel")
    things |= {f"{noun}_id": things["customer_id"] for noun in ("order", "quote", "contract")}
    # One is answered, and one raises an alert.
    things["complaint_id"] = await doors.personal("followup", f"{customer}/complaints", "Raise")
    await doors.personal("followup", f"/v1/complaints/{things['complaint_id']}/answer", "Answer")
    await doors.personal("followup", f"{customer}/complaints", "Raise")
    await tell_surveys(doors, customer)
    for step, schema in (("withdrawal", "WithdrawHandover"), ("acceptance", "AcceptHandover")):
        begun = await doors.ask("customer", "POST", f"{customer}/handover", json={"to_owner_id": "E7001"})
        assert begun.is_success, begun.text
        await doors.personal("customer", f"{customer}/handover/{step}", schema)


async def tell_surveys(doors: Doors, customer: str) -> None:
    """Answer one survey by name and one without; the code of the second leads to nothing that is kept."""
    for anonymous in (False, True):
        asked = {"survey": "after-service", "kind": "csat", "anonymous": anonymous}
        sent = await doors.ask("followup", "POST", f"{customer}/surveys", json=asked)
        assert sent.is_success, sent.text
        doors.things["survey_id"] = sent.json()["id"]
        code = (await doors.ask("followup", "GET", f"/v1/surveys/{sent.json()['id']}/invitation")).json()["code"]
        doors.things["code"] = code
        await doors.personal("followup", f"/v1/survey-invitations/{code}/answer", "AnswerSurvey")


async def park(doors: Doors) -> None:
    """Say the same of a customer whose events reporting holds back, as it does once one of them cannot be applied."""
    parked_id = await doors.personal("customer", "/v1/customers", "Register")
    reporting = await asyncpg.connect(scan.migrator_urls(doors.product)["reporting"])
    await reporting.execute(PARK, parked_id)
    for path, schema in (("contacts", "LogContact"), ("tasks", "ScheduleTask"), ("complaints", "Raise")):
        await doors.personal("followup", f"/v1/customers/{parked_id}/{path}", schema)

    async def all_parked() -> bool:
        return bool(await reporting.fetchval("SELECT count(*) > 3 FROM parked_event WHERE subject = $1", parked_id))

    await eventually(all_parked)
    await reporting.close()


async def break_down(doors: Doors) -> None:
    """Bring about a failure that nobody foresaw, whose message holds a name: a key is violated that should not be."""
    customer = await asyncpg.connect(scan.migrator_urls(doors.product)["customer"])
    await customer.execute("ALTER TABLE employee ADD CONSTRAINT unforeseen UNIQUE (name)")
    broken = await doors.ask("customer", "PUT", "/v1/employees/E7002", json=PERSONAL["Employee"])
    await customer.execute("ALTER TABLE employee DROP CONSTRAINT unforeseen")
    await customer.close()
    assert broken.status_code == 500
    assert not scan.holds(broken.content, halves(KEPT))


async def err(doors: Doors) -> None:
    """Send requests that are refused, with words in every place that a request has."""
    for operation in operations():
        path = operation.address({**doors.things, "import_id": doors.things["customer_id"]})
        for asked in wrong(operation):
            response = await doors.ask(operation.service, operation.method, path, **asked)
            assert not response.is_success or not asked.get("expected_to_fail", True)
            assert response.status_code < 500, response.text
            assert not scan.holds(response.content, [REFUSED]), (operation, response.text)


def halves(word: str) -> tuple[str, str]:
    """Return the Chinese half and the other: one may survive where the other is cut or escaped."""
    return word[:4], word[4:]


def wrong(operation: Operation) -> Iterator[dict[str, Any]]:
    yield {"params": {NAMED: REFUSED}}
    yield {"headers": {"Authorization": f"Bearer {REFUSED.encode().hex()}"}}
    yield {"headers": {"If-Match": halves(REFUSED)[1]}}
    yield {"headers": {"Idempotency-Key": halves(REFUSED)[1] * 40}}
    # Neither reads a body, so there is nothing to refuse in one.
    if operation.method in {"GET", "DELETE"}:
        return
    if JSON in operation.content:
        fields = schema_of(operation.service, str(operation.body_schema))["properties"]
        yield {"json": {name: [REFUSED] for name in fields} | {NAMED: REFUSED}}
        yield {"json": {**operation.body, **dict.fromkeys(fields, f"{REFUSED}\x00")}}
        yield {"content": f'{{"{NAMED}": "{REFUSED}", "{NAMED}": '.encode(), "headers": {"content-type": JSON}}
    yield {"content": REFUSED.encode(), "headers": {"content-type": "text/plain"}}


async def send_files(doors: Doors) -> None:
    client = doors.product.client
    for service, content in (("customer", CUSTOMERS_FILE), ("followup", FOLLOWUPS_FILE)):
        ended = await client.end_of(service, await client.send_file(service, content.encode()))
        assert ended["counts"]["failed"] >= 1, ended
        refused = await doors.ask(service, "POST", "/v1/imports", content=REFUSED, headers={"content-type": CSV})
        assert refused.status_code == 422
        assert not scan.holds(refused.content, halves(REFUSED))


async def all_has_gone_through(doors: Doors) -> None:
    """Wait until all consumers have been through it: the answer is reported, an alert raised, the last span sent."""
    customer = f"/v1/customers/{doors.things['customer_id']}"

    async def gone_through() -> bool:
        seen = await doors.ask("reporting", "GET", f"{customer}/timeline", params={"limit": 200})
        types = {entry["type"] for entry in seen.json().get("items", ())}
        return {"care.alert.raised.v1", "care.followup.complaint-answered.v1"} <= types

    async def spans_are_sent() -> bool:
        return spans.collected(doors.product.data_dir).count(b"GET /v1/imports/{import_id}") > 1

    await eventually(gone_through)
    await eventually(spans_are_sent)
