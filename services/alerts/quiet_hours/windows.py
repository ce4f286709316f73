"""Until when deliverers wait, by the windows of the quiet hours. Pure. Instants are aware datetimes."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from chassis.rules.worktime import ONE_DAY, WorkCalendar
from contracts.alerts import AlertSeverity, QuietDays, QuietHoursPublished, QuietWindow
from services.alerts.engine.zone import BUSINESS_ZONE

# Nobody waits longer, whatever windows, holidays and closures follow each other.
MAX_WAIT: Final = timedelta(days=14)
ZONE: Final = ZoneInfo(BUSINESS_ZONE)


class QuietHours(NamedTuple):
    """The quiet hours in force. `calendar` says which days are workdays; None if there are no windows."""

    definition: QuietHoursPublished
    calendar: WorkCalendar | None

    def deliver_after(self, severity: AlertSeverity, at: datetime) -> datetime | None:
        """Return until when deliverers wait with a notice that arises at `at`; None if it is delivered at once."""
        if severity in self.definition.ignored_by:
            return None
        until, latest = at, at + MAX_WAIT
        while until < latest and (ends := [end for start, end in self._spans(until) if start <= until < end]):
            until = max(ends)
        return min(until, latest) if until > at else None

    def _spans(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the windows that begin on the local day of an instant and on the day before."""
        today = at.astimezone(ZONE).date()
        for day in (today - ONE_DAY, today):
            for window in self.definition.windows:
                if self._has(window, day):
                    last = day if window.start < window.end else day + ONE_DAY
                    yield instant(day, window.start), instant(last, window.end)

    def _has(self, window: QuietWindow, day: date) -> bool:
        if window.days is QuietDays.EVERY_DAY or self.calendar is None:
            return True
        return self.calendar.is_workday(day) is (window.days is QuietDays.WORKDAYS)


def instant(day: date, minutes: int) -> datetime:
    """Return the instant of a wall time of the business zone."""
    return (datetime.combine(day, time(), ZONE) + timedelta(minutes=minutes)).astimezone(UTC)
