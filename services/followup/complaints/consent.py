"""Takes silence for consent once its time has come: one row per complaint, moved by its own facts."""

from collections.abc import Callable
from datetime import UTC, datetime

import asyncpg

from chassis.commands.command import Context
from chassis.commands.command_handler import CommandHandler
from chassis.postgres.database import Pool
from services.followup.calendars.shipped import CHINA_OFFICE, SHIPPED
from services.followup.commands import Consent
from services.followup.domain.complaint import Complaint

ACTOR = "system:followup"
BATCH = 100
DUE = """
    SELECT complaint_id, customer_id, version, consent_at FROM complaint
    WHERE state = 'communicated' AND consent_at <= $1 ORDER BY consent_at LIMIT $2
"""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Consents:
    """Asks for consent where it is due. The list may lag and two processes may ask: the complaint itself decides."""

    def __init__(
        self, pool: Pool, complaints: CommandHandler[Complaint | None], clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._pool = pool
        self._complaints = complaints
        self._clock = clock

    async def run_due(self) -> int:
        """Return how many complaints were consented to; those that are no longer silent are not counted."""
        now = self._clock()
        rows = await self._pool.fetch(DUE, now, BATCH)
        return sum([await self._consent(row, now) for row in rows])

    async def _consent(self, row: asyncpg.Record, now: datetime) -> int:
        complaint_id = row["complaint_id"]
        context = Context(
            key=f"consent|{complaint_id}|{row['version']}",
            actor=ACTOR,
            correlation_id=str(complaint_id),
            now=now,
            retryable=False,
        )
        # It counts from when it was due, however late it is recorded.
        command = Consent(occurred_at=row["consent_at"]).taken(context, SHIPPED[CHINA_OFFICE])
        handled = await self._complaints.handle(complaint_id, command, context, subject=row["customer_id"])
        return handled.events
