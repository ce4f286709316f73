"""Reminds the people of the rungs that are due, each once."""

from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple
from uuid import UUID

from chassis.commands.command_handler import allow_all
from chassis.commands.result import VersionMismatchError
from chassis.consume.isolation import RETRYABLE
from chassis.postgres.database import Pool
from chassis.runtime.clock import Clock, utc_now
from chassis.store.group_commit import OverloadedError
from chassis.store.mapper import EventMapper
from contracts.alerts import AlertState, Whom
from contracts.cloudevents import type_of
from contracts.followup import CalendarPublished
from services.alerts.actor import ACTOR
from services.alerts.engine.stretch import NEVER_DUE
from services.alerts.handling import AlertHandler, Authorize
from services.alerts.ladder.climbing import Due, Reached, look, next_rung
from services.alerts.ladder.definitions import Ladders, StoredLadders
from services.alerts.ladder.problems import LadderProblems
from services.alerts.ladder.reading import Read, read_alerts
from services.alerts.quiet_hours.stored import StoredQuietHours
from services.alerts.quiet_hours.windows import QuietHours
from services.alerts.staff.calendars import lost_calendars
from services.alerts.staff.directory import Directory

BATCH: Final = 100
# An alert that was looked at and not escalated waits so long, so that it holds up no other one.
RETRY: Final = timedelta(minutes=1)
HAS_DUE = "SELECT EXISTS (SELECT FROM alert_ladder WHERE next_rung_at <= $1)"
CALENDARS = f"SELECT max(position) FROM fact WHERE type = '{type_of(CalendarPublished)}'"  # noqa: S608 - fixed text
TAKE = """
    UPDATE alert_ladder SET next_rung_at = $3, is_deferred = true WHERE alert_id IN (
        SELECT alert_id FROM alert_ladder WHERE next_rung_at <= $1
        ORDER BY next_rung_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) RETURNING alert_id
"""
# Unless the feed has computed the row again meanwhile.
DEFER = "UPDATE alert_ladder SET next_rung_at = $2 WHERE alert_id = $1 AND is_deferred AND next_rung_at = $3"
LOOK_AGAIN = "UPDATE alert_ladder SET next_rung_at = $1, is_deferred = false WHERE is_deferred"


class Batch(NamedTuple):
    """What the alerts of a batch have in common. `present`: who is reminded instead of an employee, so far asked."""

    now: datetime
    ladders: Ladders
    quiet_hours: QuietHours
    present: dict[str, str | None]


class LadderTimer:
    """The rows say which alerts to look at; the events of the alert decide."""

    def __init__(
        self,
        pool: Pool,
        mapper: EventMapper,
        alerts: AlertHandler,
        directory: Directory,
        ladders: StoredLadders,
        quiet_hours: StoredQuietHours,
        clock: Clock = utc_now,
    ) -> None:
        self._pool = pool
        self._mapper = mapper
        self._alerts = alerts
        self._directory = directory
        self._ladders = ladders
        self._quiet_hours = quiet_hours
        self._clock = clock
        # The position of the last calendar by which alerts were deferred, and the time of the last look.
        self._calendars: int | None = None
        self._looked_at = NEVER_DUE
        self._problems = LadderProblems()

    def problem(self) -> str | None:
        """Return in one line what is wrong, although the other rungs are reached; None if nothing is."""
        return self._problems.text(self._clock())

    async def run_due(self) -> int:
        """Return how many rungs were reached or deferred: outside work time, what is late waits for its start."""
        now = self._clock()
        await self._look_again(now)
        if not await self._pool.fetchval(HAS_DUE, now):
            return 0
        ladders = await self._ladders.load(self._pool)
        # The feed computes the due time of an alert again once it was escalated.
        rows = await self._pool.fetch(TAKE, now, BATCH, now + RETRY)
        batch = Batch(now, ladders, await self._quiet_hours.load(self._pool, now), {})
        alert_ids = [row["alert_id"] for row in rows]
        read = await read_alerts(self._pool, self._mapper, alert_ids, partial(self._problems.failed, now=now))
        return sum([await self._attempt(each, batch) for each in read])

    async def _look_again(self, now: datetime) -> None:
        """Look again at what was deferred: at the start, and if a calendar was published or the clock was set back.

        Then work time may begin earlier than a row says.
        """
        latest = await self._pool.fetchval(CALENDARS)
        is_other = latest != self._calendars or now < self._looked_at
        if is_other:
            await self._pool.execute(LOOK_AGAIN, now)
        if is_other or self._problems.lost_calendars:
            self._problems.lost_calendars = await self._lost_calendars(now)
        self._calendars, self._looked_at = latest, now

    async def _lost_calendars(self, now: datetime) -> list[str]:
        """Return the calendars of the ladders and the quiet hours in force of which no version is known."""
        ladders, quiet = await self._ladders.load(self._pool), await self._quiet_hours.load(self._pool, now)
        named = [each.calendar for each in ladders.in_force(now)]
        return await lost_calendars(self._pool, [*named, *([quiet.definition.calendar] if quiet.calendar else [])])

    async def _attempt(self, read: Read, batch: Batch) -> int:
        """Reach the next rung of one alert. If that fails, it is tried again after RETRY, and holds up no other one."""
        try:
            reached = await self._ring(read, batch)
        except (*RETRYABLE, OverloadedError):
            raise
        except Exception as error:  # noqa: BLE001 - any other failure is caused by the events of this alert
            self._problems.failed(read.alert_id, error, batch.now)
            return 0
        self._problems.succeeded(read.alert_id)
        return reached

    async def _ring(self, read: Read, batch: Batch) -> int:
        (alert_id, envelopes, muted), now = read, batch.now
        match look(envelopes, batch.ladders, muted, now) if envelopes else NEVER_DUE:
            case datetime() as next_look:
                await self._pool.execute(DEFER, alert_id, next_look, now + RETRY)
                return 1
            case due:
                latest = envelopes[-1]
                command = next_rung(due, await self._reached(latest.event, latest.subject, due, batch))
        waits = {"deliver_after": batch.quiet_hours.deliver_after(latest.event.severity, now)}
        context = ACTOR.on_timer(now, f"rung|{alert_id}|{due.version}|{command.level}", str(alert_id))
        command = command.model_copy(update=waits)
        try:
            handled = await self._alerts.handle(alert_id, command, context, anybody, latest.version)
        except VersionMismatchError:
            # The alert was assigned, for example, since it was read. Whom the rung reaches is asked again after RETRY,
            # or as soon as the feed has applied that event.
            return 0
        return handled.events

    async def _reached(self, alert: AlertState, customer_id: UUID, due: Due, batch: Batch) -> Reached:
        """Return whom the rungs that are left reach: the employees or their stand-ins."""
        holders = await self._directory.holders(customer_id)
        reached: dict[Whom, tuple[str, ...]] = {Whom.OPERATIONS: ()}
        for whom, employee_id in ((Whom.OWNER, alert.owner_id), (Whom.LEADER, holders.leader_id)):
            if employee_id is None or all(rung.whom is not whom for rung in due.rungs):
                continue
            if employee_id not in batch.present:
                batch.present[employee_id] = await self._directory.present(employee_id, batch.now)
            if present := batch.present[employee_id]:
                reached[whom] = (present,)
        return reached


async def anybody(_customer_id: UUID) -> Authorize:
    """Authorize the ladder itself."""
    return allow_all
