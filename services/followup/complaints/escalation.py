"""Escalates complaints whose answer or resolution is late, each once."""

from datetime import datetime

import asyncpg

from chassis.commands.command_handler import CommandHandler
from chassis.postgres.database import Pool
from chassis.runtime.clock import Clock, utc_now
from chassis.store.pseudonym import Pseudonyms
from chassis.versions.lookup import Versions
from contracts.followup import CalendarPublished
from services.followup.actor import ACTOR
from services.followup.commands.complaint import EscalateLate, WorkMoment
from services.followup.domain import complaint_clock
from services.followup.domain.complaint import UNANSWERED, Complaint
from services.followup.domain.complaint_repeats import Repeats
from services.followup.stream_ids import repeats_of

BATCH = 100
LATE = """
    SELECT complaint_id, customer_id FROM complaint
    WHERE state IN ('raised', 'assigned', 'reopened')
      AND ((late_level < 1 AND answer_by < $1) OR (late_level < 2 AND resolve_by < $1))
    ORDER BY answer_by LIMIT $2
"""


class EscalationTimer:
    """The list says which complaints to check; the complaint itself decides. Each level is escalated once a round."""

    def __init__(
        self,
        pool: Pool,
        *,
        complaints: CommandHandler[Complaint | None],
        repeats: CommandHandler[Repeats],
        calendars: Versions[CalendarPublished],
        pseudonyms: Pseudonyms,
        clock: Clock = utc_now,
    ) -> None:
        self._pool = pool
        self._complaints = complaints
        self._repeats = repeats
        self._calendars = calendars
        self._pseudonyms = pseudonyms
        self._clock = clock

    async def run_due(self) -> int:
        """Return how many levels were escalated."""
        now = self._clock()
        rows = await self._pool.fetch(LATE, now, BATCH)
        return sum([await self._escalate(row, now) for row in rows])

    async def _escalate(self, row: asyncpg.Record, now: datetime) -> int:
        complaint_id, customer_id = row["complaint_id"], row["customer_id"]
        complaint = (await self._complaints.load(complaint_id)).state
        if complaint is None or complaint.clock is None:
            return 0
        promise, escalated = complaint.clock.target, 0
        calendar = await self._calendars.version(promise.calendar_number, promise.calendar)
        for level, due_at in late_levels(complaint, WorkMoment(now, calendar)):
            command = EscalateLate(complaint_id=complaint_id, level=level, round=complaint.rounds, due_at=due_at)
            context = ACTOR.on_timer(now, f"late|{complaint_id}|{complaint.rounds}|{level}", str(complaint_id))
            stream_id = repeats_of(customer_id, self._pseudonyms)
            handled = await self._repeats.handle(stream_id, command, context, subject=customer_id)
            escalated += handled.events
        return escalated


def late_levels(complaint: Complaint, moment: WorkMoment) -> list[tuple[int, datetime]]:
    """Return what is late of an unanswered complaint, with its due time: level 1 is the answer, 2 the resolution."""
    if complaint.state not in UNANSWERED or complaint.clock is None or complaint.clock.paused:
        return []
    promise, in_time = complaint.clock.target, complaint_clock.in_time(complaint.clock, moment)
    due = enumerate((promise.answer_by, promise.resolve_by), 1)
    return [(level, at) for (level, at), kept in zip(due, in_time, strict=True) if not kept]
