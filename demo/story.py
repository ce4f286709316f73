"""Runs one customer's story through the APIs, and waits for each alert: a missed call, a complaint, a deal."""

from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console

from demo.alert_listener import Listener
from demo.client import Client

STEPS = {
    "en": {
        "registered": "A seller registers {name} (VIP) and schedules a call in two seconds.",
        "missed": "Nobody called. The seller calls now and records the call:",
        "complaint": "The customer complained two weeks ago; the complaint is recorded only now:",
        "answered": "Service answers, the customer confirms the resolution, and the complaint is closed:",
        "signed": "The deal is signed: the customer moves from follow-up to maintenance.",
    },
    "zh": {
        "registered": "销售登记了 {name}（VIP），并安排两秒后回电。",
        "missed": "无人回电。销售现在补打电话并记录：",
        "complaint": "客户两周前投诉，现在才登记：",
        "answered": "客服答复，客户确认处理结果，投诉关闭：",
        "signed": "签约成功：客户由跟进转为维护。",
    },
}


def ago(**span: float) -> str:
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


async def play(client: Client, listener: Listener, console: Console, language: str) -> str:
    """Run the story and return the customer's id. Each step waits for its alert."""
    steps = STEPS[language]
    name = f"杭州星野 {datetime.now(UTC):%H%M%S}"
    console.rule(name)
    console.print(steps["registered"].format(name=name))
    registered = await client.post("customer", "/v1/customers", registration(name))
    customer, address = registered["id"], f"/v1/customers/{registered['id']}"
    promise = {"due_at": ago(seconds=-2), "purpose": "first-call", "content": "首次回访"}
    task = await client.post("followup", f"{address}/tasks", promise)
    await listener.wait_for(customer, "missed-follow-up", "raised")

    console.print(steps["missed"])
    call = {"channel": "phone", "direction": "outbound", "content": "已致电，客户有意向", "task_id": task["id"]}
    await client.post("followup", f"{address}/contacts", call)
    await client.post("followup", f"/v1/tasks/{task['id']}/completion", {})
    await listener.wait_for(customer, "missed-follow-up", "cleared")

    console.print(steps["complaint"])
    body = {
        "channel": "phone",
        "severity": "high",
        "topic": "delivery",
        "content": "发货延迟",
        "occurred_at": ago(days=14),
    }
    complaint = await client.post("followup", f"{address}/complaints", body)
    await listener.wait_for(customer, "unanswered-complaint", "raised")

    console.print(steps["answered"])
    for step, body in answers():
        await client.post("followup", f"/v1/complaints/{complaint['id']}/{step}", body)
    await listener.wait_for(customer, "unanswered-complaint", "cleared")

    console.print(steps["signed"])
    await client.post("customer", f"{address}/stage", {"stage": "signed"})
    return str(customer)


def registration(name: str) -> dict[str, Any]:
    return {"name": name, "tier": {"tier": "vip"}, "stage": "interested", "owner_id": "demo"}


def answers() -> list[tuple[str, dict[str, Any]]]:
    return [("answer", {"content": "明日送达"}), ("confirmation", {}), ("closure", {"resolution": "delivered"})]
