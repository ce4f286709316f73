"""Counts silence as consent, after the workdays that the complaint policy allows for an objection."""

from datetime import datetime

import asyncpg

from chassis.commands.command_handler import CommandHandler
from chassis.postgres.database import Pool
from chassis.rules.calendars.shipped import CHINA_OFFICE, SHIPPED
from chassis.runtime.clock import Clock, utc_now
from services.followup.actor import ACTOR
from services.followup.commands import Consent
from services.followup.domain.complaint import Complaint

BATCH = 100
DUE = """
    SELECT complaint_id, customer_id, version, consent_at FROM complaint
    WHERE state = 'communicated' AND consent_at <= $1 ORDER BY consent_at LIMIT $2
"""


class ConsentTimer:
    """Sends `Consent` when it is due. The list may lag and two processes may send: the complaint itself decides."""

    def __init__(self, pool: Pool, complaints: CommandHandler[Complaint | None], clock: Clock = utc_now) -> None:
        self._pool = pool
        self._complaints = complaints
        self._clock = clock

    async def run_due(self) -> int:
        """Return how many complaints were consented to."""
        now = self._clock()
        rows = await self._pool.fetch(DUE, now, BATCH)
        return sum([await self._consent(row, now) for row in rows])

    async def _consent(self, row: asyncpg.Record, now: datetime) -> int:
        complaint_id = row["complaint_id"]
        context = ACTOR.on_timer(now, f"consent|{complaint_id}|{row['version']}", str(complaint_id))
        # Consent takes effect when it was due, however late it is recorded.
        command = Consent(occurred_at=row["consent_at"]).with_moment(context, SHIPPED[CHINA_OFFICE])
        handled = await self._complaints.handle(complaint_id, command, context, subject=row["customer_id"])
        return handled.events
