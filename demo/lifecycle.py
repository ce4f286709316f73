"""Sends one customer's lifecycle through the APIs: deal, delivery, complaint, handover, loss and win-back."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from chassis.files.export import write_csv
from demo.client import Client

SELLER, SERVICE, SUCCESSOR, LEADER = "demo-seller", "demo-service", "demo-successor", "demo-leader"
PLANS = ("will-think-again", "after-delivery", "contract-end", "win-back")
TEMPLATE_FIELDS = ("mode", "starts_on", "anchor", "steps", "ends_on", "once", "calendar")
CALLBACK_DAYS = (3, 7, 30)
ZONE = ZoneInfo("Asia/Shanghai")
MORNING = timedelta(hours=10)
MINUTE = 1 / 1_440
ALERTS_AFTER_MISSED_RENEWAL = frozenset(
    {
        "missed-follow-up",
        "inactivity",
        "no-activity",
        "profile-review-overdue",
        "contract-not-renewed",
        "contacts-slowing",
    }
)
TIMEOUT_SECONDS = 120
POLL_SECONDS = 0.1
BEGAN_DAYS_AGO = 430
DELIVERED_DAYS_AGO = 395
CONTRACT_ENDED_DAYS_AGO = 35


@dataclass
class Life:
    """The customer, and the ids that later steps need. Days are counted back from ten in the morning."""

    client: Client
    began_at: datetime
    customer: str = ""
    ids: dict[str, str] = field(default_factory=dict)

    def at(self, days_ago: float) -> str:
        return (self.morning() - timedelta(days=days_ago)).isoformat()

    def on(self, days_ago: int) -> str:
        return (self.morning() - timedelta(days=days_ago)).date().isoformat()

    def morning(self) -> datetime:
        """Return the last ten in the morning, so that no time is in the future."""
        local = (self.began_at - MORNING).astimezone(ZONE)
        return datetime.combine(local.date(), time(), ZONE) + MORNING

    async def post(self, service: str, path: str, days_ago: float, **body: Any) -> str:
        """Post something that occurred `days_ago`, and return its id. `~` in `path` is the address of the customer."""
        address = path.replace("~", f"/v1/customers/{self.customer}")
        response = await self.client.post(service, address, {"occurred_at": self.at(days_ago), **body})
        return str(response["id"])

    async def contact(self, days_ago: float, by: str, purpose: str, **more: Any) -> str:
        body = {"channel": "phone", "direction": "outbound", "employee_id": by, "purpose": purpose, **more}
        return await self.post("followup", "~/contacts", days_ago, **body)


async def publish_plans(client: Client) -> None:
    """Publish the shipped plans that the lifecycle needs."""
    for name in PLANS:
        shipped = await client.get("followup", f"/v1/plan-templates/{name}")
        await client.put("followup", f"/v1/plan-templates/{name}", {each: shipped[each] for each in TEMPLATE_FIELDS})


async def until_renewal_missed(client: Client) -> Life:
    """Send the lifecycle up to the missed renewal. After the import, no alerts are raised for a while."""
    life = Life(client, datetime.now(UTC))
    for chapter in (import_history, win_deal, deliver_order, handle_complaint, hand_over):
        await chapter(life)
    return life


async def import_history(life: Life) -> None:
    """Register the customer, and import its first contacts from a file; both have the same customer number."""
    number = f"DEMO-{life.began_at:%Y%m%d%H%M%S}"
    name = f"苏州远航 {life.began_at:%H%M%S}"
    body = {
        "name": name,
        "external": {"system": "file", "id": number},
        "source": "trade-fair",
        "tier": {"tier": "growth"},
        "profile": {"industry": "制造业", "region": "苏州"},
        "owner_id": SELLER,
        "leader_id": LEADER,
    }
    life.customer = await life.post("customer", "/v1/customers", BEGAN_DAYS_AGO, **body)
    calls = [[number, name, life.on(days), words, SELLER, "已完成"] for days, words in FIRST_CALLS]
    headers = ("客户编号", "跟进客户", "跟进时间", "跟进内容", "负责人员工号", "状态")
    import_id = await life.client.send_file("followup", write_csv(headers, calls))
    await life.client.end_of("followup", import_id)


FIRST_CALLS = ((428, "首次电话，介绍产品"), (424, "发送资料，约定报价"))


async def win_deal(life: Life) -> None:
    """Record interest, a quote, hesitation, another call and the contract."""
    await life.post("customer", "~/stage", 420, stage="interested")
    money = {"amount_minor": 12_800_000, "currency": "CNY"}
    quote = await life.post("customer", "~/quotes", 418, category="cloud-server", **money)
    await life.post("customer", f"/v1/quotes/{quote}/comparison", 416, competitor="rival-cloud")
    hesitates = {"outcome": "will-think-again", "next_step": "call-again", "next_step_due_at": life.at(413)}
    await life.contact(415, SELLER, "quote", **hesitates)
    await life.contact(413, SELLER, "close-push", outcome="agreed", sentiment="positive")
    await complete_call(life)
    term = {"starts_on": life.on(400), "ends_on": life.on(CONTRACT_ENDED_DAYS_AGO)}
    life.ids["contract"] = await life.post("customer", "~/contracts", 410, **term, **money)
    await life.post("customer", "~/stage", 410, stage="signed")
    life.ids["order"] = await life.post("customer", "~/orders", 405, category="cloud-server", **money)


async def complete_call(life: Life) -> None:
    """Complete the task that the next step scheduled; the list shows it with a short delay."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not (listed := await life.client.get("followup", "/v1/tasks", customer_id=life.customer, state="open"))[
            "items"
        ]:
            await asyncio.sleep(POLL_SECONDS)
    for task in listed["items"]:
        await life.post("followup", f"/v1/tasks/{task['id']}/completion", 413, employee_id=SELLER)


async def deliver_order(life: Life) -> None:
    """Record the delivery, and calls after 3, 7 and 30 days."""
    await life.post("customer", f"/v1/orders/{life.ids['order']}/delivery", DELIVERED_DAYS_AGO)
    for days in CALLBACK_DAYS:
        called = DELIVERED_DAYS_AGO - days
        promise = {"assignee_id": SELLER, "due_at": life.at(called), "purpose": "callback"}
        task = await life.post("followup", "~/tasks", DELIVERED_DAYS_AGO, **promise)
        await life.contact(called + 0.1, SELLER, "callback", task_id=task, outcome="content")
        await life.post("followup", f"/v1/tasks/{task}/completion", called + 0.1, employee_id=SELLER)
    await life.post("customer", "~/stage", 360, stage="established")
    await life.post("customer", "~/tier", 330, tier="vip")


async def handle_complaint(life: Life) -> None:
    """Record a complaint that is paused, resolved, reopened and resolved again."""
    body = {"channel": "phone", "severity": "high", "topic": "outage", "product": "cloud-server", "owner_id": SELLER}
    complaint = await life.post("followup", "~/complaints", 300, **body)
    path = f"/v1/complaints/{complaint}"
    for days_ago, minutes, step, body in COMPLAINT_STEPS:
        await life.post("followup", f"{path}/{step}", days_ago - minutes * MINUTE, **body)


COMPLAINT_STEPS: tuple[tuple[int, int, str, dict[str, Any]], ...] = (
    (300, 5, "assignment", {"owner_id": SERVICE}),
    (300, 20, "pause", {"reason": "waits-for-customer"}),
    (298, 0, "resumption", {}),
    (298, 30, "answer", {"employee_id": SERVICE}),
    (298, 40, "communication", {"channel": "phone"}),
    (297, 0, "confirmation", {}),
    (297, 10, "closure", {"resolution": "repaired"}),
    (292, 0, "reopening", {"reason": "came-back"}),
    (289, 0, "answer", {"employee_id": SERVICE}),
    (289, 10, "communication", {"channel": "visit"}),
    (288, 0, "confirmation", {}),
    (288, 10, "closure", {"resolution": "replaced"}),
)


async def hand_over(life: Life) -> None:
    """Schedule a call before the contract ends, and hand the customer over to the successor."""
    contract = f"/v1/contracts/{life.ids['contract']}"
    await life.post("customer", f"{contract}/renewal-intent", 210, intent="yes")
    promise = {"assignee_id": SELLER, "due_at": life.at(CONTRACT_ENDED_DAYS_AGO + 7), "purpose": "renewal"}
    life.ids["renewal"] = await life.post("followup", "~/tasks", 210, **promise)
    passing = {"to_owner_id": SUCCESSOR, "to_leader_id": LEADER, "reason": "left"}
    await life.post("customer", "~/handover", 200, **passing)
    await life.post("customer", "~/handover/acceptance", 199)
    await life.contact(195, SUCCESSOR, "visit", channel="visit", outcome="introduced")


async def until_won_back(life: Life) -> None:
    """Wait for the alerts of the missed call; then record the loss and the win-back."""
    await until_firing(life, ALERTS_AFTER_MISSED_RENEWAL)
    await lose(life)
    await until_firing(life, frozenset())
    await win_back(life)


async def until_firing(life: Life, rules: frozenset[str]) -> None:
    """Wait until exactly these rules have open alerts for the customer. Raises TimeoutError with those that have."""
    query = {"customer_id": life.customer, "status": "firing"}
    found: set[str] = set()
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while rules != found:
                await asyncio.sleep(POLL_SECONDS)
                alerts = await life.client.get("alerts", "/v1/alerts", **query)
                found = {each["rule_id"] for each in alerts["items"]}
    except TimeoutError:
        raise TimeoutError(f"open alerts of {', '.join(sorted(found))} instead of {', '.join(sorted(rules))}") from None


async def lose(life: Life) -> None:
    await life.post("customer", f"/v1/contracts/{life.ids['contract']}/ending", 20, reason="not-renewed")
    await life.post("customer", "~/stage", 20, stage="lost", reason="not-renewed")
    await life.post("followup", f"/v1/tasks/{life.ids['renewal']}/cancellation", 20)


async def win_back(life: Life) -> None:
    await life.contact(6, LEADER, "win-back", channel="visit", outcome="agreed", sentiment="positive")
    await life.post("customer", "~/stage", 6, stage="interested", reason="won-back")
    money = {"amount_minor": 9_600_000, "currency": "CNY"}
    await life.post("customer", "~/quotes", 5, category="cloud-server", **money)
    await life.post("customer", "~/contracts", 2, starts_on=life.on(1), ends_on=life.on(-364), **money)
    await life.post("customer", "~/stage", 2, stage="signed")
    order = await life.post("customer", "~/orders", 1, category="cloud-server", **money)
    await life.post("customer", f"/v1/orders/{order}/delivery", 0)
    await send_survey(life)


async def send_survey(life: Life) -> None:
    """Send an NPS survey, and answer it with the code of its invitation."""
    question = {"survey": "after-win-back", "kind": "nps", "channel": "wechat"}
    survey = await life.client.post("followup", f"/v1/customers/{life.customer}/surveys", question)
    invitation = await life.client.get("followup", f"/v1/surveys/{survey['id']}/invitation")
    await life.client.post("followup", f"/v1/survey-invitations/{invitation['code']}/answer", {"score": 9})
