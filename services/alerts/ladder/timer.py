"""Reminds the people of the rungs that are due, each once."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from chassis.commands.command_handler import allow_all
from chassis.commands.holders import Holders
from chassis.postgres.database import Pool
from chassis.rules.worktime import NoWorkTimeError, WorkCalendar
from chassis.runtime.clock import Clock, utc_now
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.alerts import AlertState, Rung, Whom
from contracts.event import Envelope
from services.alerts.actor import ACTOR
from services.alerts.commands import Escalate
from services.alerts.handling import AlertHandler, Authorize
from services.alerts.ladder.definitions import Ladders, StoredLadders
from services.alerts.ladder.rows import key_of, next_due, raised_last
from services.alerts.quiet_hours.stored import StoredQuietHours
from services.alerts.staff.directory import Directory
from services.alerts.staff.mutes import muted_until

BATCH: Final = 100
# An alert that was looked at and not escalated waits so long, so that it holds up no other one.
RETRY: Final = timedelta(minutes=1)
HAS_DUE = "SELECT EXISTS (SELECT FROM alert_ladder WHERE next_rung_at <= $1)"
TAKE = """
    UPDATE alert_ladder SET next_rung_at = $3 WHERE alert_id IN (
        SELECT alert_id FROM alert_ladder WHERE next_rung_at <= $1
        ORDER BY next_rung_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) RETURNING alert_id
"""
DEFER = "UPDATE alert_ladder SET next_rung_at = $2 WHERE alert_id = $1"


class LadderTimer:
    """The rows say which alerts to look at; the events of the alert decide."""

    def __init__(
        self,
        pool: Pool,
        store: EventStore,
        mapper: EventMapper,
        alerts: AlertHandler,
        directory: Directory,
        ladders: StoredLadders,
        quiet_hours: StoredQuietHours,
        clock: Clock = utc_now,
    ) -> None:
        self._pool = pool
        self._store = store
        self._mapper = mapper
        self._alerts = alerts
        self._directory = directory
        self._ladders = ladders
        self._quiet_hours = quiet_hours
        self._clock = clock

    async def run_due(self) -> int:
        """Return how many rungs were reached or deferred: outside work time, what is late waits for its start."""
        now = self._clock()
        if not await self._pool.fetchval(HAS_DUE, now):
            return 0
        ladders = await self._ladders.load(self._pool)
        # The feed computes the due time of an alert again once it was escalated.
        rows = await self._pool.fetch(TAKE, now, BATCH, now + RETRY)
        return sum([await self._ring(row["alert_id"], ladders, now) for row in rows])

    async def _ring(self, alert_id: UUID, ladders: Ladders, now: datetime) -> int:
        envelopes = [self._mapper.to_envelope(row) async for row in self._store.read_stream(alert_id)]
        key = key_of(envelopes)
        muted = await muted_until(self._pool, self._mapper, [key])
        due_at = next_due(envelopes, ladders, muted.get(key))
        if due_at is None or due_at > now:
            return 0
        # An alert that is raised again climbs its ladder from the start.
        raised = raised_last(envelopes)
        definition = ladders.of(raised).definition
        if work_begins := begins_later(ladders.calendar(definition.calendar, now), now):
            await self._pool.execute(DEFER, alert_id, work_begins)
            return 1
        command = await self._next(envelopes[-1], definition.rungs, now)
        quiet_hours = await self._quiet_hours.load(self._pool, now)
        waits = {"deliver_after": quiet_hours.deliver_after(envelopes[-1].event.severity, now)}
        context = ACTOR.on_timer(now, f"rung|{alert_id}|{raised.version}|{command.level}", str(alert_id))
        handled = await self._alerts.handle(alert_id, command.model_copy(update=waits), context, anybody)
        return handled.events

    async def _next(self, latest: Envelope[Any], rungs: tuple[Rung, ...], now: datetime) -> Escalate:
        """Return the command for the next rung that reaches somebody: an empty one is skipped at once.

        If none does, it is the command for the last rung, without employees: the ladder ends.
        """
        alert: AlertState = latest.event
        holders = await self._directory.holders(latest.subject)
        for level, rung in enumerate(rungs[alert.escalation_level :], alert.escalation_level + 1):
            reached = await self._reached(rung.whom, alert, holders, now)
            if reached is not None:
                return Escalate(level=level, rung=rung.whom, employee_ids=reached)
        return Escalate(level=len(rungs), rung=rungs[-1].whom, employee_ids=())

    async def _reached(self, whom: Whom, alert: AlertState, holders: Holders, now: datetime) -> tuple[str, ...] | None:
        """Return whom a rung reaches: the employee or the stand-in; None if it is empty. Operations is a role."""
        if whom is Whom.OPERATIONS:
            return ()
        employee_id = alert.owner_id if whom is Whom.OWNER else holders.leader_id
        present = await self._directory.present(employee_id, now) if employee_id else None
        return (present,) if present else None


def begins_later(calendar: WorkCalendar, now: datetime) -> datetime | None:
    """Return when work time begins; None if it has begun. A calendar without work time is asked again after RETRY."""
    try:
        opening = calendar.opening(now)
    except NoWorkTimeError:
        return now + RETRY
    return opening if opening > now else None


async def anybody(_customer_id: UUID) -> Authorize:
    """Authorize the ladder itself."""
    return allow_all
