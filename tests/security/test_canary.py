"""Personal words stay where they belong (S17): canary words go in by every door, and then all is searched for them."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaProducer

from chassis.kafka import ensure_topics
from contracts.topics import Topic
from tests.security import scan
from tests.security.operations import BODIES, CSV, JSON, Operation, operations, schema_of
from tests.support.product import Product
from tests.support.waiting import eventually

# What is kept goes to the vault; what is refused goes nowhere. Each is half Chinese, as most names here are.
# Where a word stands as a field's name it may be said back to whoever wrote it, and still goes nowhere.
KEPT, REFUSED, NAMED, PLANTED = "金丝雀甲kept7q3xz", "金丝雀乙refused9w5vk", "金丝雀丁named4r8pt", "金丝雀丙"
HOMES = {"customer:public.vault", "customer:public.employee", "followup:public.vault"}
SEND_AT = (datetime.now(UTC) + timedelta(days=1)).isoformat()
LONG_AGO = (datetime.now(UTC) - timedelta(days=90)).isoformat()
# The fields whose words are personal, by the schema of their body. Other texts are business facts and are published.
PERSONAL = {
    "Register": {"kind": "person", "person_name": KEPT},
    "Employee": {"name": KEPT},
    "LogContact": {"channel": "phone", "direction": "inbound", "content": KEPT},
    "Schedule": {"due_at": SEND_AT, "content": KEPT},
    "Reschedule": {"due_at": SEND_AT, "reason": KEPT},
    "Cancel": {"reason": KEPT},
    "Raise": {"channel": "phone", "severity": "high", "occurred_at": LONG_AGO, "content": KEPT},
    "Answer": {"content": KEPT},
}
CUSTOMERS_FILE = f"客户编号,客户名称,负责人,跟进状态\nK1,南京钟山,{KEPT},跟进中\nK2,{REFUSED},{KEPT},{REFUSED}\n"
FOLLOWUPS_FILE = (
    "跟进客户,客户编号,跟进时间,跟进内容,负责人员,状态\n"
    f"南京钟山,K1,2024-06-01,{KEPT},{KEPT},已完成\n"
    f"南京钟山,K1,{REFUSED},{REFUSED},{REFUSED},已完成\n"
    f"{REFUSED},{REFUSED},2024-06-01,{REFUSED},{REFUSED},{REFUSED}\n"
)


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


@pytest.fixture(scope="module")
async def doors(product: Product) -> Doors:
    """A product that has been told the canary words, by every field that takes words and in every wrong way."""
    made = Doors(product, {"employee_id": "E7001", "alert_id": "0", "import_id": "0"})
    await tell(made)
    await err(made)
    await send_files(made)
    await all_has_gone_through(made)
    return made


async def tell(doors: Doors) -> None:
    """Say everything personal that can be said."""
    things = doors.things
    things["customer_id"] = await doors.personal("customer", "/v1/customers", "Register")
    await doors.personal("customer", "/v1/employees/E7001", "Employee", "PUT")
    customer = f"/v1/customers/{things['customer_id']}"
    things["contact_id"] = await doors.personal("followup", f"{customer}/contacts", "LogContact")
    things["task_id"] = await doors.personal("followup", f"{customer}/tasks", "Schedule")
    await doors.personal("followup", f"/v1/tasks/{things['task_id']}/rescheduling", "Reschedule")
    await doors.personal("followup", f"/v1/tasks/{things['task_id']}/cancellation", "Cancel")
    things["complaint_id"] = await doors.personal("followup", f"{customer}/complaints", "Raise")
    await doors.personal("followup", f"/v1/complaints/{things['complaint_id']}/answer", "Answer")


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
    if operation.method == "GET":
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
    """Wait until the complaint has been reported and its alert raised: then all consumers have been through it."""
    customer = f"/v1/customers/{doors.things['customer_id']}"

    async def gone_through() -> bool:
        seen = await doors.ask("reporting", "GET", f"{customer}/timeline", params={"limit": 200})
        types = {entry["type"] for entry in seen.json().get("items", ())}
        return {"care.alert.raised.v1", "care.followup.complaint-answered.v1"} <= types

    await eventually(gone_through, within=60)


def test_every_private_field_is_filled() -> None:
    private = {
        (name, field)
        for module in ("services.customer.commands", "services.followup.commands")
        for name, command in vars(__import__(module, fromlist=["*"])).items()
        for field in getattr(command, "PRIVATE", ())
    }
    assert private
    assert not {(name, field) for name, field in private if PERSONAL.get(name, {}).get(field) != KEPT}
    assert PERSONAL.keys() <= BODIES.keys()


async def test_personal_words_are_in_the_vault_and_nowhere_else(doors: Doors) -> None:
    assert await scan.everywhere(doors.product, *halves(KEPT)) == HOMES


async def test_what_was_refused_is_nowhere(doors: Doors) -> None:
    assert await scan.everywhere(doors.product, *halves(REFUSED), *halves(NAMED)) == set()


async def test_what_was_kept_can_be_read_where_it_belongs(doors: Doors) -> None:
    things = doors.things
    person = await doors.ask("customer", "GET", f"/v1/customers/{things['customer_id']}")
    assert person.json()["name"] == KEPT
    contact = await doors.ask("followup", "GET", f"/v1/contacts/{things['contact_id']}")
    assert contact.json()["content"] == KEPT
    complaint = await doors.ask("followup", "GET", f"/v1/complaints/{things['complaint_id']}")
    assert (complaint.json()["content"], complaint.json()["answers"]) == (KEPT, [KEPT])


async def test_the_search_finds_a_word_in_each_sort_of_place(doors: Doors) -> None:
    """Planted words, each in a place of its own: were one not found, the search would prove nothing."""
    product = doors.product
    log = product.data_dir / "logs" / "planted.log"
    await asyncio.to_thread(log.write_bytes, PLANTED.encode("unicode_escape"))
    topics = await plant_records(product)
    reporting = await asyncpg.connect(scan.migrator_urls(product)["reporting"])
    await reporting.execute(f"CREATE TABLE planted AS SELECT convert_to('{PLANTED}', 'UTF8') AS bytes")
    try:
        found = await scan.everywhere(product, PLANTED)
    finally:
        await reporting.execute("DROP TABLE planted")
        await reporting.close()
        await asyncio.to_thread(log.unlink)
    assert found == {"logs/planted.log", "reporting:public.planted", *topics}


async def plant_records(product: Product) -> set[str]:
    """Put the word into a value, a key and a header, each on a topic of its own, and name the topics."""
    word = PLANTED.encode()
    places: dict[str, dict[str, Any]] = {
        "value": {"value": b"<" + word + b">"},
        "key": {"value": b"-", "key": word},
        "header": {"value": b"-", "headers": [("ce_name", word)]},
    }
    bootstrap = product.environment["CARE_KAFKA_BOOTSTRAP"]
    topics = tuple(Topic(f"test.planted.{place}", "customer", "A test's own.", (), partitions=1) for place in places)
    await ensure_topics(bootstrap, topics)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for place, record in places.items():
            await producer.send_and_wait(f"test.planted.{place}", **record)
    return {f"topic {topic.name}" for topic in topics}


def test_the_search_finds_a_word_however_it_is_written() -> None:
    for written in (b"planted", b"\\u91d1\\u4e1d", b"\\\\u91d1\\\\u4e1d", b"%E9%87%91%E4%B8%9D", b"\\xe98791e4b89d"):
        assert scan.holds(b"<" + written + b">", ["planted", "金丝"]), written
    assert not scan.holds("金鱼 plants".encode(), ["planted", "金丝"])
