"""One story through all four services, by HTTP and topic only."""

import shutil
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from demo import lifecycle
from demo.client import Client
from demo.lifecycle_table import by_day, complete_timeline
from demo.lifecycle_texts import sentences
from tests.support.product import Product
from tests.support.topic_reader import ReceivedEvents, read_topics
from tests.support.waiting import eventually

TOPICS = ("care.customer.events.v1", "care.followup.events.v1", "care.alert.events.v1", "care.alert.open.v1")

# An answer is owed by work time: within this, whatever holidays there are, some has passed.
LONGEST_HOLIDAY = 14 * 86_400

CHAPTERS = (
    *("Owner: seller", "Plan started: will-think-again", "Delivered", "seller phone: callback content"),
    *("Complaint (high): outage", "Paused: waits-for-customer", "Complaint reopened: came-back"),
    *("Complaint closed: replaced", "Owner: successor", "Contract ended: not-renewed"),
    *("Plan started: win-back", "leader visit: win-back agreed"),
)


@pytest.fixture(scope="module")
async def heard(product: Product) -> AsyncIterator[ReceivedEvents]:
    async with read_topics(product.environment["CARE_KAFKA_BOOTSTRAP"], *TOPICS) as listener:
        yield listener


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


async def register(client: Client, name: str, **more: object) -> str:
    body = {"name": name, "tier": {"tier": "vip"}, "stage": "interested", "owner_id": "wang", **more}
    return str((await client.post("customer", "/v1/customers", body))["id"])


async def test_a_promise_is_missed_kept_late_and_told_everywhere(product: Product, heard: ReceivedEvents) -> None:
    client = product.client
    customer = await register(client, "深圳启明")
    task = await client.post("followup", f"/v1/customers/{customer}/tasks", {"due_at": soon(1), "content": "首次回访"})
    raised = await heard.wait_for(customer, "care.alert.raised.v1", rule_id="missed-follow-up")
    alert_id = raised.get_data()["alert_id"]

    async def is_open() -> bool:
        return alert_id in heard.open_alerts

    await eventually(is_open)
    assert raised.get_data()["concerns_id"] == task["id"]
    assert raised.get_data()["customer_name"] == "深圳启明"

    await client.post("followup", f"/v1/tasks/{task['id']}/completion", {})
    cleared = await heard.wait_for(customer, "care.alert.cleared.v1", rule_id="missed-follow-up")
    assert cleared.get_data()["dedup_key"] == raised.get_data()["dedup_key"]

    async def is_closed() -> bool:
        return alert_id not in heard.open_alerts

    await eventually(is_closed)

    async def reported() -> bool:
        view = await client.get("reporting", f"/v1/customers/{customer}")
        types = {entry["type"] for entry in view["timeline"]}
        return {"care.followup.task-completed.v1", "care.alert.cleared.v1", "care.customer.registered.v1"} <= types

    await eventually(reported)


async def test_a_complaint_written_down_late_is_raised_at_once_and_ended_by_the_answer(
    product: Product, heard: ReceivedEvents
) -> None:
    client = product.client
    customer = await register(client, "成都远景")
    body = {"channel": "phone", "severity": "high", "content": "发货延迟", "occurred_at": soon(-LONGEST_HOLIDAY)}
    complaint = await client.post("followup", f"/v1/customers/{customer}/complaints", body)
    await heard.wait_for(customer, "care.alert.raised.v1", rule_id="unanswered-complaint")
    await client.post("followup", f"/v1/complaints/{complaint['id']}/answer", {"content": "明日送达"})
    await heard.wait_for(customer, "care.alert.cleared.v1", rule_id="unanswered-complaint")
    for step in ("confirmation", "closure"):
        await client.post("followup", f"/v1/complaints/{complaint['id']}/{step}", {})
    await heard.wait_for(customer, "care.followup.complaint-closed.v1")


async def test_silence_that_a_late_entry_disproves_is_withdrawn(product: Product, heard: ReceivedEvents) -> None:
    client = product.client
    long_ago = {"last_contacted_at": soon(-10 * 86_400)}
    customer = await register(client, "重庆云帆", profile=long_ago)
    raised = await heard.wait_for(customer, "care.alert.raised.v1", rule_id="inactivity")
    between = (datetime.fromisoformat(raised.get_data()["starts_at"]) - timedelta(days=1)).isoformat()
    call = {"channel": "phone", "direction": "inbound", "occurred_at": between}
    await client.post("followup", f"/v1/customers/{customer}/contacts", call)
    withdrawn = await heard.wait_for(customer, "care.alert.withdrawn.v1", rule_id="inactivity")
    assert withdrawn.get_data()["alert_id"] == raised.get_data()["alert_id"]


async def test_a_late_entry_that_leaves_the_customer_overdue_moves_the_alert(
    product: Product, heard: ReceivedEvents
) -> None:
    client = product.client
    customer = await register(client, "重庆云桥", profile={"last_contacted_at": soon(-40 * 86_400)})
    raised = await heard.wait_for(customer, "care.alert.raised.v1", rule_id="inactivity")
    between = (datetime.fromisoformat(raised.get_data()["starts_at"]) - timedelta(days=1)).isoformat()
    call = {"channel": "phone", "direction": "inbound", "occurred_at": between}
    await client.post("followup", f"/v1/customers/{customer}/contacts", call)
    moved = await heard.wait_for(customer, "care.alert.moved.v1", rule_id="inactivity")
    assert moved.get_data()["alert_id"] == raised.get_data()["alert_id"]


async def test_what_one_request_set_off_is_tied_together(product: Product, heard: ReceivedEvents) -> None:
    client = product.client
    headers = {"X-Correlation-Id": "story-1", "traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}
    body = {"name": "青岛蔚蓝", "owner_id": "wang"}
    response = await client.http.post(f"{client.urls['customer']}/v1/customers", json=body, headers=headers)
    assert response.headers["x-correlation-id"] == "story-1"
    event = await heard.wait_for(response.json()["id"], "care.customer.registered.v1")
    assert event.get_extension("correlationid") == "story-1"
    history = await client.get("customer", f"/v1/customers/{response.json()['id']}/events")
    assert {entry["correlation_id"] for entry in history["items"]} == {"story-1"}


async def test_a_retried_command_has_one_effect(product: Product, heard: ReceivedEvents) -> None:
    client, key = product.client, {"Idempotency-Key": "retry-1"}
    url = f"{client.urls['customer']}/v1/customers"
    first = await client.http.post(url, json={"name": "苏州同里"}, headers=key)
    second = await client.http.post(url, json={"name": "苏州同里"}, headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert second.headers["idempotency-replayed"] == "true"
    await heard.wait_for(first.json()["id"], "care.customer.registered.v1")
    assert len(heard.of(first.json()["id"])) == 1


async def test_a_seller_sees_and_changes_only_their_own(product: Product) -> None:
    client = product.client
    hers = await register(client, "宁波海蓝", owner_id="zhao")
    token = await client.http.post(f"{client.issuer}/token", json={"subject": "wang", "roles": ["sales"]})
    stranger = {"Authorization": f"Bearer {token.json()['access_token']}"}
    async with httpx.AsyncClient(headers=stranger, trust_env=False) as http:
        for service in ("customer", "reporting"):

            async def refused(service: str = service) -> bool:
                return (await http.get(f"{client.urls[service]}/v1/customers/{hers}")).status_code == 403

            await eventually(refused)
        change = await http.post(f"{client.urls['customer']}/v1/customers/{hers}/stage", json={"stage": "signed"})
        assert change.status_code == 403
        listed = (await http.get(f"{client.urls['customer']}/v1/customers")).json()["items"]
        assert hers not in {item["id"] for item in listed}


async def test_the_owners_new_leader_sees_a_customer_in_every_service_and_the_former_one_does_not(
    product: Product, heard: ReceivedEvents
) -> None:
    client = product.client
    await client.put("customer", "/v1/employees/sun", {"name": "孙悦", "leader_id": "former"})
    customer = await register(client, "苏州明远", owner_id="sun")
    await client.post("followup", f"/v1/customers/{customer}/tasks", {"due_at": soon(1), "content": "首次回访"})
    await heard.wait_for(customer, "care.alert.raised.v1", rule_id="missed-follow-up")
    await client.put("customer", "/v1/employees/sun", {"name": "孙悦", "leader_id": "newer"})
    for leader, sees in (("newer", True), ("former", False)):
        token = await client.http.post(f"{client.issuer}/token", json={"subject": leader, "roles": ["leader"]})
        bearer = {"Authorization": f"Bearer {token.json()['access_token']}"}
        async with httpx.AsyncClient(headers=bearer, trust_env=False) as http:

            async def agree(http: httpx.AsyncClient = http, *, sees: bool = sees) -> bool:
                found = [(await http.get(f"{client.urls['customer']}/v1/customers/{customer}")).status_code == 200]
                found += [(await http.get(f"{client.urls['reporting']}/v1/customers/{customer}")).status_code == 200]
                for service, path in (("followup", "tasks"), ("alerts", "alerts")):
                    listed = await http.get(f"{client.urls[service]}/v1/{path}?customer_id={customer}")
                    found.append(listed.status_code == 200 and bool(listed.json()["items"]))
                return found == [sees] * 4

            await eventually(agree)


async def test_bi_reads_the_views_and_nothing_else(product: Product) -> None:
    if shutil.which("psql") is None:
        pytest.skip("psql is not installed here; tests/integration/reporting covers the views with asyncpg")
    url = product.environment["CARE_BI_READER_URL"]

    def query(statement: str) -> "subprocess.CompletedProcess[str]":
        command = ["psql", url, "-At", "-c", statement]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    assert int(query("SELECT count(*) FROM bi.dim_customers").stdout) > 0
    assert "permission denied" in query("SELECT * FROM customer").stderr


async def test_every_service_says_that_it_is_ready(product: Product) -> None:
    for service, url in product.client.urls.items():
        ready = await product.client.http.get(f"{url}/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "ready"), (service, ready.json())
        assert "care_" in (await product.client.http.get(f"{url}/metrics")).text


async def test_a_lifecycle_is_shown_from_the_first_call_to_the_win_back(product: Product) -> None:
    await lifecycle.publish_plans(product.client)
    life = await lifecycle.until_renewal_missed(product.client)
    await lifecycle.until_won_back(life)

    told = [pair[0] for _, entry in by_day(await complete_timeline(life)) if (pair := sentences(entry))]

    stages = [each.split()[3] for each in told if each.startswith("Stage: ")]
    assert stages == ["interested", "signed", "established", "lost", "interested", "signed"]
    chapters = [chapter for each in told for chapter in CHAPTERS if each.startswith(chapter)]
    assert list(dict.fromkeys(chapters)) == list(CHAPTERS)
    assert sum(each.startswith("To do by") and "callback" in each for each in told) == 6
