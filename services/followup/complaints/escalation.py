"""Escalates complaints whose answer or resolution is late: once for each, by a timer."""

from datetime import datetime

import asyncpg

from chassis.postgres.database import Pool
from chassis.runtime.clock import Clock, utc_now
from services.followup.actor import ACTOR
from services.followup.commands.complaint import EscalateLate, Moment
from services.followup.dependencies import Dependencies
from services.followup.domain import complaint_clock
from services.followup.domain.complaint import UNANSWERED, Complaint

BATCH = 100
LATE = """
    SELECT complaint_id, customer_id FROM complaint
    WHERE state IN ('raised', 'assigned', 'reopened')
      AND ((late_level < 1 AND answer_by < $1) OR (late_level < 2 AND resolve_by < $1))
    ORDER BY answer_by LIMIT $2
"""


class Lateness:
    """The list says where to look; the complaint itself, how late it is. What was said already is not said again."""

    def __init__(self, needs: Dependencies, pool: Pool, clock: Clock = utc_now) -> None:
        self._needs = needs
        self._pool = pool
        self._clock = clock

    async def run_due(self) -> int:
        """Return how often something was escalated."""
        now = self._clock()
        rows = await self._pool.fetch(LATE, now, BATCH)
        return sum([await self._escalate(row, now) for row in rows])

    async def _escalate(self, row: asyncpg.Record, now: datetime) -> int:
        complaint_id, customer_id = row["complaint_id"], row["customer_id"]
        complaint = (await self._needs.complaints.load(complaint_id)).state
        if complaint is None or complaint.clock is None:
            return 0
        promise, escalated = complaint.clock.target, 0
        calendar = await self._needs.calendars.version(promise.calendar_number, promise.calendar)
        for level, due_at in late_levels(complaint, Moment(now, calendar)):
            command = EscalateLate(complaint_id=complaint_id, level=level, round=complaint.rounds, due_at=due_at)
            context = ACTOR.on_timer(now, f"late|{complaint_id}|{complaint.rounds}|{level}", str(complaint_id))
            stream_id = self._needs.repeats_of(customer_id)
            handled = await self._needs.complaint_repeats.handle(stream_id, command, context, subject=customer_id)
            escalated += handled.events
        return escalated


def late_levels(complaint: Complaint, moment: Moment) -> list[tuple[int, datetime]]:
    """Return what of an unanswered complaint is late: 1 the answer, 2 the resolution, each with when it was due."""
    if complaint.state not in UNANSWERED or complaint.clock is None or complaint.clock.paused:
        return []
    promise, in_time = complaint.clock.target, complaint_clock.in_time(complaint.clock, moment)
    due = enumerate((promise.answer_by, promise.resolve_by), 1)
    return [(level, at) for (level, at), kept in zip(due, in_time, strict=True) if not kept]
