"""Enters canary words into a running product: in every field for personal data, and in requests that are refused."""

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

# Kept words go to the vault; refused words are stored nowhere. Each word is half Chinese, like most names here.
# A word used as a field name may be repeated in the response to its sender, but is stored nowhere.
KEPT, REFUSED, NAMED = "金丝雀甲kept7q3xz", "金丝雀乙refused9w5vk", "金丝雀丁named4r8pt"
KEPT_PHONE, KEPT_EMAIL = "+8613957162840", f"{KEPT}@example.com"
SEND_AT = (datetime.now(UTC) + timedelta(days=1)).isoformat()
LONG_AGO = (datetime.now(UTC) - timedelta(days=90)).isoformat()
# The fields with personal data, by body schema. Other texts are business data and are published.
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
    "Comment": {"text": KEPT},
    "Snooze": {"until": SEND_AT, "reason": KEPT},
    "Mute": {"until": SEND_AT, "reason": KEPT},
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
class CanaryInput:
    """A product with canary words, and the ids of the resources that exist in it."""

    product: Product
    things: dict[str, str]

    async def ask(self, service: str, method: str, path: str, **given: Any) -> httpx.Response:
        return await self.product.client.http.request(method, self.product.client.urls[service] + path, **given)

    async def personal(self, service: str, path: str, schema: str, method: str = "POST") -> str:
        response = await self.ask(service, method, path, json=PERSONAL[schema])
        assert response.is_success, response.text
        return str(response.json()["id"])


async def enter_canaries(product: Product) -> CanaryInput:
    """Enter all canary words, and return once all consumers have processed them."""
    canary = CanaryInput(
        product,
        {
            "employee_id": "E7001",
            "absence_id": "0",
            "alert_id": "0",
            "rule_id": "inactivity",
            "rule": "inactivity",
            "severity": "critical",
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
    await enter_all(canary)
    await park(canary)
    await cause_failure(canary)
    await send_invalid_requests(canary)
    await send_files(canary)
    await all_is_processed(canary)
    return canary


async def enter_all(canary: CanaryInput) -> None:
    """Enter personal data in every field that accepts it."""
    things = canary.things
    things["customer_id"] = await canary.personal("customer", "/v1/customers", "Register")
    await canary.personal("customer", "/v1/employees/E7001", "Employee", "PUT")
    form = await canary.ask("followup", "PUT", "/v1/contact-forms/visit", json=FORM)
    assert form.is_success, form.text
    customer = f"/v1/customers/{things['customer_id']}"
    # The response of a command contains the customer's id; the id of the new key contact is only in `Location`.
    await canary.personal("customer", f"{customer}/name", "Rename")
    await canary.personal("customer", f"{customer}/key-contacts", "KeyContact")
    await canary.personal("customer", f"{customer}/needs", "StateNeed")
    await canary.personal("customer", f"{customer}/news", "RecordNews")
    things["key_contact_id"] = things["customer_id"]
    things["contact_id"] = await canary.personal("followup", f"{customer}/contacts", "LogContact")
    things["task_id"] = await canary.personal("followup", f"{customer}/tasks", "ScheduleTask")
    await canary.personal("followup", f"/v1/tasks/{things['task_id']}/rescheduling", "Reschedule")
    await canary.personal("followup", f"/v1/tasks/{things['task_id']}/cancellation", "Cancel")
    things |= {f"{noun}_id": things["customer_id"] for noun in ("order", "quote", "contract")}
    # One complaint is answered, the other raises an alert.
    things["complaint_id"] = await canary.personal("followup", f"{customer}/complaints", "Raise")
    await canary.personal("followup", f"/v1/complaints/{things['complaint_id']}/answer", "Answer")
    unanswered = await canary.personal("followup", f"{customer}/complaints", "Raise")
    await handle_alert(canary, unanswered)
    await enter_surveys(canary, customer)
    for step, schema in (("withdrawal", "WithdrawHandover"), ("acceptance", "AcceptHandover")):
        begun = await canary.ask("customer", "POST", f"{customer}/handover", json={"to_owner_id": "E7001"})
        assert begun.is_success, begun.text
        await canary.personal("customer", f"{customer}/handover/{step}", schema)


async def handle_alert(canary: CanaryInput, complaint_id: str) -> None:
    """Comment on the alert about a complaint that stays open, and snooze it."""
    things = canary.things

    async def is_raised() -> bool:
        query = {"customer_id": things["customer_id"], "open": True}
        found = (await canary.ask("alerts", "GET", "/v1/alerts", params=query)).json()["items"]
        listed = [each for each in found if each["alert"].get("concerns_id") == complaint_id]
        things["alert_id"] = listed[0]["id"] if listed else "0"
        return bool(listed)

    await eventually(is_raised)
    await canary.personal("alerts", f"/v1/alerts/{things['alert_id']}/comments", "Comment")
    await canary.personal("alerts", f"/v1/alerts/{things['alert_id']}/snooze", "Snooze")
    muted = f"/v1/customers/{things['customer_id']}/mutes/{things['rule_id']}"
    await canary.personal("alerts", muted, "Mute", "PUT")


async def enter_surveys(canary: CanaryInput, customer: str) -> None:
    """Answer a survey and an anonymous survey; the code of the second one is stored nowhere."""
    for anonymous in (False, True):
        asked = {"survey": "after-service", "kind": "csat", "anonymous": anonymous}
        sent = await canary.ask("followup", "POST", f"{customer}/surveys", json=asked)
        assert sent.is_success, sent.text
        canary.things["survey_id"] = sent.json()["id"]
        code = (await canary.ask("followup", "GET", f"/v1/surveys/{sent.json()['id']}/invitation")).json()["code"]
        canary.things["code"] = code
        await canary.personal("followup", f"/v1/survey-invitations/{code}/answer", "AnswerSurvey")


async def park(canary: CanaryInput) -> None:
    """Enter the same for a customer whose events are parked in reporting."""
    parked_id = await canary.personal("customer", "/v1/customers", "Register")
    reporting = await asyncpg.connect(scan.migrator_urls(canary.product)["reporting"])
    await reporting.execute(PARK, parked_id)
    for path, schema in (("contacts", "LogContact"), ("tasks", "ScheduleTask"), ("complaints", "Raise")):
        await canary.personal("followup", f"/v1/customers/{parked_id}/{path}", schema)

    async def all_parked() -> bool:
        return bool(await reporting.fetchval("SELECT count(*) > 3 FROM parked_event WHERE subject = $1", parked_id))

    await eventually(all_parked)
    await reporting.close()


async def cause_failure(canary: CanaryInput) -> None:
    """Cause an unexpected database error whose message contains a name: the violation of a unique constraint."""
    customer = await asyncpg.connect(scan.migrator_urls(canary.product)["customer"])
    await customer.execute("ALTER TABLE employee ADD CONSTRAINT unforeseen UNIQUE (name)")
    broken = await canary.ask("customer", "PUT", "/v1/employees/E7002", json=PERSONAL["Employee"])
    await customer.execute("ALTER TABLE employee DROP CONSTRAINT unforeseen")
    await customer.close()
    assert broken.status_code == 500
    assert not scan.holds(broken.content, halves(KEPT))


async def send_invalid_requests(canary: CanaryInput) -> None:
    """Send invalid requests with canary words in every part of the request."""
    for operation in operations():
        path = operation.address({**canary.things, "import_id": canary.things["customer_id"]})
        for asked in wrong(operation):
            response = await canary.ask(operation.service, operation.method, path, **asked)
            assert not response.is_success or not asked.get("expected_to_fail", True)
            assert response.status_code < 500, response.text
            assert not scan.holds(response.content, [REFUSED]), (operation, response.text)


def halves(word: str) -> tuple[str, str]:
    """Return the Chinese half and the other half: one may remain where the other is cut or escaped."""
    return word[:4], word[4:]


def wrong(operation: Operation) -> Iterator[dict[str, Any]]:
    yield {"params": {NAMED: REFUSED}}
    yield {"headers": {"Authorization": f"Bearer {REFUSED.encode().hex()}"}}
    yield {"headers": {"If-Match": halves(REFUSED)[1]}}
    yield {"headers": {"Idempotency-Key": halves(REFUSED)[1] * 40}}
    # These methods read no body.
    if operation.method in {"GET", "DELETE"}:
        return
    if JSON in operation.content:
        fields = schema_of(operation.service, str(operation.body_schema)).get("properties", {})
        yield {"json": {name: [REFUSED] for name in fields} | {NAMED: REFUSED}}
        # A body without fields has none to be wrong.
        if fields:
            yield {"json": {**operation.body, **dict.fromkeys(fields, f"{REFUSED}\x00")}}
        yield {"content": f'{{"{NAMED}": "{REFUSED}", "{NAMED}": '.encode(), "headers": {"content-type": JSON}}
    yield {"content": REFUSED.encode(), "headers": {"content-type": "text/plain"}}


async def send_files(canary: CanaryInput) -> None:
    client = canary.product.client
    for service, content in (("customer", CUSTOMERS_FILE), ("followup", FOLLOWUPS_FILE)):
        ended = await client.end_of(service, await client.send_file(service, content.encode()))
        assert ended["counts"]["failed"] >= 1, ended
        refused = await canary.ask(service, "POST", "/v1/imports", content=REFUSED, headers={"content-type": CSV})
        assert refused.status_code == 422
        assert not scan.holds(refused.content, halves(REFUSED))


async def all_is_processed(canary: CanaryInput) -> None:
    """Wait until all consumers have processed the input: answer in reporting, alert raised, spans sent."""
    customer = f"/v1/customers/{canary.things['customer_id']}"

    async def is_processed() -> bool:
        seen = await canary.ask("reporting", "GET", f"{customer}/timeline", params={"limit": 200})
        types = {entry["type"] for entry in seen.json().get("items", ())}
        return {"care.alert.raised.v1", "care.followup.complaint-answered.v1"} <= types

    async def spans_are_sent() -> bool:
        return spans.collected(canary.product.data_dir).count(b"GET /v1/imports/{import_id}") > 1

    await eventually(is_processed)
    await eventually(spans_are_sent)
