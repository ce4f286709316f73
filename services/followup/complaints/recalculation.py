"""Recalculates the targets of open complaints when their calendar has a new version, in small batches."""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from chassis.commands.command_handler import CommandHandler
from chassis.postgres.database import Pool
from chassis.runtime.clock import Clock, utc_now
from chassis.versions.lookup import Versions
from contracts.followup import CalendarPublished
from services.followup.actor import ACTOR
from services.followup.commands import Repromise
from services.followup.domain.complaint import SETTLED, Complaint

BATCH = 100
# A complaint that the list does not show yet is found by the next pass.
BETWEEN_PASSES = timedelta(minutes=1)
BEGINNING = UUID(int=0)
OPEN = """
    SELECT complaint_id, customer_id, calendar, calendar_number FROM complaint
    WHERE calendar IS NOT NULL AND state <> ALL($1) AND pause_reason IS NULL AND complaint_id > $2
    ORDER BY complaint_id LIMIT $3
"""


class TargetRecalculation:
    """Goes through the open complaints in passes. An interrupted pass starts again; a target is recalculated once."""

    def __init__(
        self,
        pool: Pool,
        complaints: CommandHandler[Complaint | None],
        calendars: Versions[CalendarPublished],
        clock: Clock = utc_now,
    ) -> None:
        self._pool = pool
        self._complaints = complaints
        self._calendars = calendars
        self._clock = clock
        self._after = BEGINNING
        self._next_pass_at: datetime | None = None

    async def run_due(self) -> int:
        """Check the next batch. Return how many complaints it held, or 0 at the end of a pass."""
        now = self._clock()
        if self._next_pass_at and now < self._next_pass_at:
            return 0
        rows = await self._pool.fetch(OPEN, list(SETTLED), self._after, BATCH)
        latest = {name: await self._calendars.in_force(now, name) for name in {row["calendar"] for row in rows}}
        for row in rows:
            if row["calendar_number"] < latest[row["calendar"]].number:
                await self._recalculate(row, now)
        more = len(rows) == BATCH
        self._after = rows[-1]["complaint_id"] if more else BEGINNING
        self._next_pass_at = None if more else now + BETWEEN_PASSES
        return len(rows) if more else 0

    async def _recalculate(self, row: asyncpg.Record, now: datetime) -> None:
        complaint_id, name = row["complaint_id"], row["calendar"]
        calendar = await self._calendars.in_force(now, name)
        former = await self._calendars.version(row["calendar_number"], name)
        context = ACTOR.on_timer(now, f"repromise|{complaint_id}|{name}|{calendar.number}", str(complaint_id))
        command = Repromise().with_moment(context, calendar, former=former)
        await self._complaints.handle(complaint_id, command, context, subject=row["customer_id"])
