"""One customer's lifecycle as a table: its events by day, in English and Chinese."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.table import Table

from contracts.alerts import AlertWithdrawn
from contracts.followup import TaskCancelled, TaskScheduled
from demo.lifecycle import CALLBACK_DAYS, PATIENCE_SECONDS, POLL_SECONDS, Life
from demo.lifecycle_texts import ZONE, sentences

PAGE = "200"
LAST_FACTS = {f"day-{days}" for days in CALLBACK_DAYS}
WITHDRAWN, CANCELLED, SCHEDULED = (
    str(event.model_fields["type"].default) for event in (AlertWithdrawn, TaskCancelled, TaskScheduled)
)
Entry = dict[str, Any]


async def lifecycle_table(life: Life) -> Table:
    told = await complete_timeline(life)
    table = Table("日期 day", "what happened", "发生了什么", title="一位客户的一生 One customer's whole life")
    before = ""
    for day, entry in by_day(told):
        if said := sentences(entry):
            table.add_row("" if day == before else day, *said)
            before = day
    return table


async def complete_timeline(life: Life) -> list[Entry]:
    """Return the timeline once its last events are there: the callbacks after the last delivery."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while LAST_FACTS - steps_of(told := await timeline(life)):
            await asyncio.sleep(POLL_SECONDS)
    return told


def steps_of(told: Sequence[Entry]) -> set[str]:
    return {entry["data"].get("plan_step", "") for entry in told}


def by_day(told: Sequence[Entry]) -> list[tuple[str, Entry]]:
    """Return the entries of the table, in order. A plan is placed at its anchor, however late that was recorded.

    Left out are withdrawn alerts, tasks of plans that were cancelled, and tasks without a purpose.
    """
    occurred = {entry["event_id"]: datetime.fromisoformat(entry["occurred_at"]) for entry in told}
    disproved = {entry["stream_id"] for entry in told if entry["type"] == WITHDRAWN}
    planned = {entry["stream_id"] for entry in told if entry["data"].get("plan_id")}
    undone = planned & {entry["stream_id"] for entry in told if entry["type"] == CANCELLED}
    life = [
        (occurred.get(entry["data"].get("anchor_id"), occurred[entry["event_id"]]), entry)
        for entry in reversed(told)
        if entry["stream_id"] not in disproved | undone and (entry["type"] != SCHEDULED or "purpose" in entry["data"])
    ]
    life.sort(key=lambda each: each[0])
    return [(f"{at.astimezone(ZONE):%Y-%m-%d}", entry) for at, entry in life]


async def timeline(life: Life) -> list[Entry]:
    """Return all events that reporting has of the customer, the latest first."""
    found: list[Entry] = []
    query = {"limit": PAGE}
    while True:
        page = await life.client.get("reporting", f"/v1/customers/{life.customer}/timeline", **query)
        found += page["items"]
        if not page["has_more"]:
            return found
        query["cursor"] = page["next_cursor"]
