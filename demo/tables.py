"""The report tables of the demo."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from demo.client import Client
from demo.texts import Texts

SHOWN = 12
PAGE = "200"
ZONE = ZoneInfo("Asia/Shanghai")
TIERS_ZH = {"vip": "VIP", "growth": "成长型", "ordinary": "普通"}


async def show(client: Client, console: Console, texts: Texts) -> None:
    """Print inactive customers, missed follow-ups, open alerts by owner, the stage funnel and the timeliness."""
    names = {employee["id"]: employee["name"] for employee in (await client.get("customer", "/v1/employees"))["items"]}
    console.print(await silent(client, texts, names))
    console.print(await missed(client, texts, names))
    console.print(await by_owner(client, texts, names))
    console.print(await funnel(client, texts))
    console.print(await timeliness(client, texts, names))


async def firing(client: Client, rule_id: str) -> list[dict[str, Any]]:
    """Return all open alerts of a rule."""
    return [alert async for alert in client.pages("alerts", "/v1/alerts", status="firing", rule_id=rule_id, limit=PAGE)]


async def silent(client: Client, texts: Texts, names: dict[str, str]) -> Table:
    alerts = sorted(await firing(client, "inactivity"), key=lambda alert: (rank(alert), alert["silent_since"]))
    table = Table(texts.customer, texts.tier, texts.owner, texts.days, title=f"{texts.silent} ({len(alerts)})")
    for alert in alerts[:SHOWN]:
        tier = alert["alert"]["labels"].get("tier", "")
        days = (datetime.now(UTC) - datetime.fromisoformat(alert["silent_since"])).days
        owner = names.get(alert["owner_id"], alert["owner_id"] or "—")
        table.add_row(alert["alert"]["customer_name"], tier_word(tier, texts), owner, str(days))
    return with_rest(table, len(alerts), texts)


async def missed(client: Client, texts: Texts, names: dict[str, str]) -> Table:
    alerts = sorted(await firing(client, "missed-follow-up"), key=lambda alert: (rank(alert), alert["starts_at"]))
    title = f"{texts.missed} ({len(alerts)})"
    table = Table(texts.customer, texts.tier, texts.owner, texts.due, texts.what, title=title)
    for alert in alerts[:SHOWN]:
        task = await client.get("followup", f"/v1/tasks/{alert['alert']['concerns_id']}")
        due = datetime.fromisoformat(alert["starts_at"]).astimezone(ZONE)
        owner = names.get(alert["owner_id"], alert["owner_id"] or "—")
        tier = tier_word(alert["alert"]["labels"].get("tier", ""), texts)
        table.add_row(alert["alert"]["customer_name"], tier, owner, f"{due:%Y-%m-%d %H:%M}", task["content"] or "")
    return with_rest(table, len(alerts), texts)


async def by_owner(client: Client, texts: Texts, names: dict[str, str]) -> Table:
    report = await client.get("reporting", "/v1/reports/open-alerts")
    table = Table(texts.owner, texts.open_alerts, title=f"{texts.by_owner} ({report['open']})")
    for line in report["owners"][:SHOWN]:
        table.add_row(names.get(line["owner_id"], line["owner_id"] or "—"), str(line["open"]))
    return with_rest(table, len(report["owners"]), texts)


async def funnel(client: Client, texts: Texts) -> Table:
    report = await client.get("reporting", "/v1/reports/stage-funnel")
    table = Table(texts.stage, texts.count, "", title=texts.funnel)
    largest = max(line["customers"] for line in report["stages"]) or 1
    for line in report["stages"]:
        bar = "█" * round(30 * line["customers"] / largest)
        table.add_row(line["label"][texts.language], str(line["customers"]), bar)
    return table


async def timeliness(client: Client, texts: Texts, names: dict[str, str]) -> Table:
    today = datetime.now(ZONE).date()
    period = {"from": str(today - timedelta(days=90)), "to": str(today)}
    report = await client.get("reporting", "/v1/reports/followup-timeliness", **period)
    table = Table(texts.owner, texts.rate, "", title=texts.timeliness)
    total = report["total"]
    table.add_row("∑", percent(total["rate"]), f"{total['numerator']} / {total['denominator']}", style="bold")
    for line in report["owners"][:SHOWN]:
        name = names.get(line["owner_id"], line["owner_id"] or "—")
        table.add_row(name, percent(line["rate"]), f"{line['numerator']} / {line['denominator']}")
    return with_rest(table, len(report["owners"]), texts)


def with_rest(table: Table, count: int, texts: Texts) -> Table:
    if count > SHOWN:
        table.caption = texts.more.format(count=count - SHOWN)
    if count == 0:
        table.caption = texts.nothing
    return table


def rank(alert: dict[str, Any]) -> int:
    """Return the sort key of an alert: VIP first, other tiers after."""
    tiers = ["vip", "growth", "ordinary"]
    tier = alert["alert"]["labels"].get("tier", "")
    return tiers.index(tier) if tier in tiers else len(tiers)


def tier_word(tier: str, texts: Texts) -> str:
    return TIERS_ZH.get(tier, tier) if texts.language == "zh" else tier


def percent(rate: float | None) -> str:
    return "—" if rate is None else f"{rate:.0%}"
