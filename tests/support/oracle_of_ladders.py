"""The oracle of ladders: at each look of the timer, it measures the work time of each alert, and says who is reminded.

It walks from happening to happening, and knows no due times:

- The work time of an alert is the time since it was raised, within the working intervals of the calendar version in
  force then, and outside its snoozes.
- A rung is reached at the first look at which the alert has its minutes of work time, while it is firing, and neither
  snoozed nor muted. The look must be in work time, by the version in force at the look.
- A rung that reaches nobody is skipped at once. If none of the rungs that are left reaches anybody, the last one is
  reached, by nobody.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TypeAlias, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.alerts import AlertSeverity, QuietDays, QuietWindow, Whom
from tests.silence.ladder_happenings import (
    AbsenceCancelled,
    Acknowledged,
    Assigned,
    Away,
    CalendarVersion,
    Carried,
    Cleared,
    Happening,
    Held,
    LadderVersion,
    Left,
    Looked,
    Muted,
    OfStaff,
    QuietVersion,
    Raised,
    Readdressed,
    Restarted,
    Returned,
    Rung,
    Snoozed,
    Unmuted,
    Unsnoozed,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
ONE_DAY, ONE_MINUTE = timedelta(days=1), timedelta(minutes=1)
LONGEST_SNOOZE = timedelta(days=180)
LONGEST_WAIT = timedelta(days=14)
SATURDAY, SUNDAY = 5, 6
OfOpenAlert: TypeAlias = Readdressed | Assigned | Carried | Acknowledged | Snoozed | Unsnoozed
Version = TypeVar("Version", LadderVersion, CalendarVersion)


@dataclass
class Alert:
    """An open alert, and how much unsnoozed work time it has had until `walked_to`."""

    raised: Raised
    customer_id: UUID
    owner_id: str | None
    ladder: LadderVersion
    calendar: CalendarVersion
    walked_to: datetime
    work: timedelta = timedelta(0)
    snoozed_until: datetime | None = None
    is_acknowledged: bool = False
    level: int = 0


@dataclass
class OracleOfLadders:
    """Receives the same happenings as the product, in their order."""

    open: dict[UUID, Alert] = field(default_factory=dict)
    ladders: list[LadderVersion] = field(default_factory=list)
    calendars: list[CalendarVersion] = field(default_factory=list)
    quiet: QuietVersion | None = None
    mutes: dict[tuple[UUID, str], datetime | None] = field(default_factory=dict)
    holders: dict[UUID, Held] = field(default_factory=dict)
    absences: dict[UUID, Away] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    said: list[Rung] = field(default_factory=list)

    def take(self, it: Happening) -> None:
        for alert in self.open.values():
            walk(alert, it.at)
        match it:
            case Looked():
                self._look(it.at)
            case Raised():
                ladder = in_force([each for each in self.ladders if each.severity is it.severity], it.at)
                calendar = self._calendar(ladder.calendar, it.at)
                self.open[it.alert_id] = Alert(it, it.customer_id, it.owner_id, ladder, calendar, it.at)
            case Cleared():
                self.open.pop(it.alert_id, None)
            case Readdressed() | Assigned() | Carried() | Acknowledged() | Snoozed() | Unsnoozed():
                if it.alert_id in self.open:
                    handle(self.open[it.alert_id], it)
            case Muted():
                if it.until is None or is_allowed(it.until, it.at):
                    self.mutes[it.customer_id, it.rule_id] = it.until
            case Unmuted():
                self.mutes.pop((it.customer_id, it.rule_id), None)
            case LadderVersion():
                self.ladders.append(it)
            case CalendarVersion():
                self.calendars.append(it)
            case QuietVersion():
                self.quiet = it
            case Restarted():
                pass
            case _:
                self._staff(it)

    def _staff(self, it: OfStaff) -> None:
        match it:
            case Held():
                self.holders[it.customer_id] = it
            case Away():
                self.absences[it.absence_id] = it
            case AbsenceCancelled():
                self.absences.pop(it.absence_id, None)
            case Left():
                self.gone.add(it.employee_id)
            case Returned():
                self.gone.discard(it.employee_id)

    def _look(self, now: datetime) -> None:
        for alert in self.open.values():
            while self._is_due(alert, now):
                self._reach(alert, now)

    def _is_due(self, alert: Alert, now: datetime) -> bool:
        if is_over(alert) or is_snoozed(alert, now) or self._is_muted(alert, now):
            return False
        minutes, _ = alert.ladder.rungs[alert.level]
        return alert.work >= timedelta(minutes=minutes) and is_work(self._calendar(alert.ladder.calendar, now), now)

    def _is_muted(self, alert: Alert, now: datetime) -> bool:
        key = (alert.customer_id, alert.raised.rule_id)
        if key not in self.mutes:
            return False
        until = self.mutes[key]
        return until is None or now < until

    def _reach(self, alert: Alert, now: datetime) -> None:
        rungs = alert.ladder.rungs
        left = [(level, whom) for level, (_, whom) in enumerate(rungs, 1) if level > alert.level]
        reaching = [(level, whom, found) for level, whom in left if (found := self._whom(alert, whom, now)) is not None]
        alert.level, whom, employee_ids = reaching[0] if reaching else (*left[-1], ())
        waits = self._deliver_after(alert.raised.severity, now)
        self.said.append(Rung(now, alert.raised.alert_id, alert.level, whom, employee_ids, waits))

    def _whom(self, alert: Alert, whom: Whom, now: datetime) -> tuple[str, ...] | None:
        if whom is Whom.OPERATIONS:
            return ()
        holder = self.holders.get(alert.customer_id)
        asked = alert.owner_id if whom is Whom.OWNER else holder and holder.leader_id
        if not asked or asked in self.gone:
            return None
        away = self._absence(asked, now)
        if away is None:
            return (asked,)
        stands_in = away.stand_in_id
        if stands_in is None or stands_in in self.gone or self._absence(stands_in, now):
            return None
        return (stands_in,)

    def _absence(self, employee_id: str, now: datetime) -> Away | None:
        today = now.astimezone(SHANGHAI).date()
        own = [each for each in self.absences.values() if each.employee_id == employee_id]
        return next((each for each in own if each.first_day <= today <= each.last_day), None)

    def _calendar(self, name: str, now: datetime) -> CalendarVersion:
        return in_force([each for each in self.calendars if each.name == name], now)

    def _deliver_after(self, severity: AlertSeverity, now: datetime) -> datetime | None:
        """Step from minute to minute until it is not quiet."""
        if self.quiet is None or severity in self.quiet.ignored_by or not self._is_quiet(now, now):
            return None
        minute = now.replace(second=0, microsecond=0)
        while self._is_quiet(minute, now) and minute < now + LONGEST_WAIT:
            minute += ONE_MINUTE
        return min(minute, now + LONGEST_WAIT)

    def _is_quiet(self, at: datetime, now: datetime) -> bool:
        assert self.quiet
        calendar = self._calendar("china-office", now)
        return any(is_within(window, calendar, at) for window in self.quiet.windows)


def in_force(versions: Sequence[Version], now: datetime) -> Version:
    """Return the latest version that has come into force."""
    return [each for each in versions if each.effective_from is None or each.effective_from <= now][-1]


def handle(alert: Alert, it: OfOpenAlert) -> None:
    match it:
        case Readdressed(owner_id=owner_id) | Assigned(owner_id=owner_id):
            alert.owner_id = owner_id
        case Carried(customer_id=customer_id):
            alert.customer_id = customer_id
        case Acknowledged():
            alert.is_acknowledged = True
        case Snoozed(until=until):
            alert.snoozed_until = until if is_allowed(until, it.at) else alert.snoozed_until
        case Unsnoozed():
            alert.snoozed_until = None


def is_allowed(until: datetime, now: datetime) -> bool:
    return now < until <= now + LONGEST_SNOOZE


def is_over(alert: Alert) -> bool:
    return alert.is_acknowledged or alert.level == len(alert.ladder.rungs)


def walk(alert: Alert, until: datetime) -> None:
    """Add the work time without the snooze."""
    if is_over(alert):
        return
    since = alert.walked_to
    if alert.snoozed_until:
        since = min(max(since, alert.snoozed_until), until)
    for start, end in working(alert.calendar, since, until):
        alert.work += max(timedelta(0), min(end, until) - max(start, since))
    alert.walked_to = until


def working(calendar: CalendarVersion, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the working intervals of the days from one instant to another."""
    day, last = since.astimezone(SHANGHAI).date(), until.astimezone(SHANGHAI).date()
    while day <= last:
        midnight = datetime.combine(day, time(), SHANGHAI)
        for start, end in minutes_of(calendar, midnight):
            yield midnight + timedelta(minutes=start), midnight + timedelta(minutes=end)
        day += ONE_DAY


def minutes_of(calendar: CalendarVersion, midnight: datetime) -> Sequence[tuple[int, int]]:
    day = midnight.date()
    if day in calendar.days_off or (day.weekday() == SUNDAY and day not in calendar.made_up):
        return ()
    return calendar.saturday if day.weekday() == SATURDAY and day not in calendar.made_up else calendar.weekday


def is_work(calendar: CalendarVersion, now: datetime) -> bool:
    return any(start <= now < end for start, end in working(calendar, now, now))


def is_snoozed(alert: Alert, now: datetime) -> bool:
    return alert.snoozed_until is not None and now < alert.snoozed_until


def is_within(window: QuietWindow, calendar: CalendarVersion, at: datetime) -> bool:
    """Return whether an instant is in a window that began on its day or on the day before."""
    local = at.astimezone(SHANGHAI)
    today = datetime.combine(local.date(), time(), SHANGHAI)
    minute = (local - today) / ONE_MINUTE
    if window.start < window.end:
        return begins_on(window, calendar, today) and window.start <= minute < window.end
    yesterday = today - ONE_DAY
    return (begins_on(window, calendar, today) and minute >= window.start) or (
        begins_on(window, calendar, yesterday) and minute < window.end
    )


def begins_on(window: QuietWindow, calendar: CalendarVersion, midnight: datetime) -> bool:
    is_workday = bool(minutes_of(calendar, midnight))
    return window.days is QuietDays.EVERY_DAY or is_workday is (window.days is QuietDays.WORKDAYS)
