"""One customer's lifecycle as a table: its events by day, in English and Chinese."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.table import Table

from contracts.alerts import AlertWithdrawn
from contracts.followup import TaskCancelled, TaskScheduled
from demo.lifecycle import CALLBACK_DAYS, POLL_SECONDS, TIMEOUT_SECONDS, Life
from demo.lifecycle_texts import ZONE, sentences

PAGE = "200"
LAST_FACTS = {f"day-{days}" for days in CALLBACK_DAYS}
WITHDRAWN, CANCELLED, SCHEDULED = (
    str(event.model_fields["type"].default) for event in (AlertWithdrawn, TaskCancelled, TaskScheduled)
)
Entry = dict[str, Any]


async def lifecycle_table(life: Life) -> Table:
    entries = await complete_timeline(life)
    table = Table("日期 day", "what happened", "发生了什么", title="客户生命周期 One customer's lifecycle")
    before = ""
    for day, entry in by_day(entries):
        if texts := sentences(entry):
            table.add_row("" if day == before else day, *texts)
            before = day
    return table


async def complete_timeline(life: Life) -> list[Entry]:
    """Return the timeline once its last events are there: the callbacks after the last delivery."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while LAST_FACTS - steps_of(entries := await timeline(life)):
            await asyncio.sleep(POLL_SECONDS)
    return entries


def steps_of(entries: Sequence[Entry]) -> set[str]:
    return {entry["data"].get("plan_step", "") for entry in entries}


def by_day(entries: Sequence[Entry]) -> list[tuple[str, Entry]]:
    """Return the entries of the table, in order. A plan is placed at its anchor, however late that was recorded.

    Withdrawn alerts, cancelled tasks of plans, and tasks without a purpose are left out.
    """
    occurred = {entry["event_id"]: datetime.fromisoformat(entry["occurred_at"]) for entry in entries}
    withdrawn = {entry["stream_id"] for entry in entries if entry["type"] == WITHDRAWN}
    planned = {entry["stream_id"] for entry in entries if entry["data"].get("plan_id")}
    cancelled = planned & {entry["stream_id"] for entry in entries if entry["type"] == CANCELLED}
    life = [
        (occurred.get(entry["data"].get("anchor_id"), occurred[entry["event_id"]]), entry)
        for entry in reversed(entries)
        if entry["stream_id"] not in withdrawn | cancelled
        and (entry["type"] != SCHEDULED or "purpose" in entry["data"])
    ]
    life.sort(key=lambda each: each[0])
    return [(f"{at.astimezone(ZONE):%Y-%m-%d}", entry) for at, entry in life]


async def timeline(life: Life) -> list[Entry]:
    """Return all events of the customer in reporting, newest first."""
    found: list[Entry] = []
    query = {"limit": PAGE}
    while True:
        page = await life.client.get("reporting", f"/v1/customers/{life.customer}/timeline", **query)
        found += page["items"]
        if not page["has_more"]:
            return found
        query["cursor"] = page["next_cursor"]
