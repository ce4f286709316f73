"""A manager's day through the APIs: a rule from draft to retirement, and alerts that people handle."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from demo.client import Client
from demo.manager_texts import TITLE, step

RULE = "quiet-customer"
ADDRESS = f"/v1/rules/{RULE}"
DEFINITION: dict[str, Any] = {
    "title": {"en": "A customer we have not talked to for ten months", "zh": "十个月没有联系的客户"},
    "severities": {"others": "warning"},
    "condition": {"shape": "silence", "signals": ["human-contact"], "days": {"maintenance": {"others": 300}}},
    "care": {"purpose": "care", "hours": 48},
}
REASON = "demo"
COLLEAGUE = "demo-successor"
TIMEOUT_SECONDS = 120
POLL_SECONDS = 0.2
PAGE = "200"


async def manager_day(client: Client, console: Console) -> None:
    """Run the day, and print a table of its steps."""
    table = Table("step", "步骤", title=TITLE)
    async for en, zh in steps_of(client):
        table.add_row(en, zh)
    console.print(table)


async def steps_of(client: Client) -> AsyncIterator[tuple[str, str]]:
    """Yield each step in English and Chinese, once it has worked."""
    async with published(client) as (preview, shadow):
        yield step("preview", count=preview["open"], owners=len(preview["owners"]))
        yield step("shadow", count=shadow)
        alerts = await until(lambda: open_alerts(client), lambda found: len(found) >= preview["open"])
        yield step("published", count=len(alerts))
        first, second, *others = alerts
        third = next(each for each in others if each["owner_id"] != COLLEAGUE)
        await handle(client, first, second)
        yield step("handled", one=name_of(first), other=name_of(second))
        await hand_over(client, third)
        yield step("handed-over", name=name_of(third))
        report = await complete_task(client, first)
        yield step("care", name=name_of(first), outcome=report["outcome"])
    await until(lambda: open_alerts(client), lambda found: not found)
    yield step("retired", count=len(alerts))


@asynccontextmanager
async def published(client: Client) -> AsyncIterator[tuple[dict[str, Any], int]]:
    """Draft, preview, watch in shadow and publish the rule; retire it at the end. Yield preview and shadow count."""
    await client.put("alerts", f"{ADDRESS}/draft", {"definition": DEFINITION, "reason": REASON})
    preview = await client.post("alerts", f"{ADDRESS}/preview", {"definition": DEFINITION})
    draft = await latest_draft(client)
    await client.post("alerts", f"{ADDRESS}/shadow", {"draft": draft, "reason": REASON})
    shadow = await until(lambda: shadow_count(client), lambda count: count >= preview["open"])
    body = {"draft": await latest_draft(client), "preview": preview["preview"], "backlog": "digest", "reason": REASON}
    await client.post("alerts", f"{ADDRESS}/publication", body)
    try:
        yield preview, shadow
    finally:
        await client.post("alerts", f"{ADDRESS}/retirement", {"reason": REASON})


async def latest_draft(client: Client) -> int:
    return int((await client.get("alerts", f"{ADDRESS}/draft"))["number"])


async def shadow_count(client: Client) -> int:
    counts = (await client.get("alerts", f"{ADDRESS}/shadow"))["items"]
    return int(counts[0]["open"]) if counts else 0


async def open_alerts(client: Client) -> list[dict[str, Any]]:
    found = (await client.get("alerts", "/v1/alerts", rule_id=RULE, limit=PAGE))["items"]
    return [alert for alert in found if alert["status"] != "resolved"]


async def handle(client: Client, first: dict[str, Any], second: dict[str, Any]) -> None:
    """Acknowledge one alert with a comment, and snooze another."""
    address, other = f"/v1/alerts/{first['id']}", f"/v1/alerts/{second['id']}"
    await client.post("alerts", f"{address}/comments", {"text": "已约周五拜访"})
    await client.post("alerts", f"{address}/acknowledgement", {})
    until_then = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    await client.post("alerts", f"{other}/snooze", {"until": until_then, "reason": "客户出差"})


async def hand_over(client: Client, alert: dict[str, Any]) -> None:
    """Hand the customer over, and wait until the alert is addressed to the new owner."""
    address = f"/v1/customers/{alert['customer_id']}/handover"
    await client.post("customer", address, {"to_owner_id": COLLEAGUE, "reason": "left"})
    await client.post("customer", f"{address}/acceptance", {})
    await until(lambda: one(client, alert), lambda found: found["owner_id"] == COLLEAGUE)


async def complete_task(client: Client, alert: dict[str, Any]) -> dict[str, Any]:
    """Complete the care task of an alert, and return the report that the alert shows."""

    async def task() -> str | None:
        query = {"customer_id": alert["customer_id"], "limit": PAGE}
        tasks = (await client.get("followup", "/v1/tasks", **query))["items"]
        return next((each["id"] for each in tasks if each["alert_id"] == alert["id"]), None)

    task_id = await until(task, lambda found: found is not None)
    await client.post("followup", f"/v1/tasks/{task_id}/completion", {"outcome": "agreed"})
    report: dict[str, Any] = (await until(lambda: one(client, alert), lambda found: found["task_report"]))[
        "task_report"
    ]
    return report


async def one(client: Client, alert: dict[str, Any]) -> Any:
    return await client.get("alerts", f"/v1/alerts/{alert['id']}")


async def until(ask: Callable[[], Awaitable[Any]], is_enough: Callable[[Any], Any]) -> Any:
    """Ask again until the answer is enough. Raises TimeoutError."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not is_enough(found := await ask()):
            await asyncio.sleep(POLL_SECONDS)
    return found


def name_of(alert: dict[str, Any]) -> str:
    return str(alert["alert"]["customer_name"])
