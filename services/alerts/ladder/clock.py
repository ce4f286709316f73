"""How far an alert is on its ladder, and when its next rung is due. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chassis.rules.worktime import NoWorkTimeError, WorkCalendar
from contracts import alerts as events
from contracts.alerts import Rung, Status
from contracts.event import Envelope


@dataclass(frozen=True, slots=True)
class Progress:
    """The work time `used` before `since`, from when the clock runs; the rungs up to `level` are reached."""

    rungs: tuple[Rung, ...]
    since: datetime
    used: timedelta = timedelta()
    level: int = 0


def progress_of(envelopes: Iterable[Envelope[Any]], rungs: tuple[Rung, ...], calendar: WorkCalendar) -> Progress | None:
    """Return the progress after all events of an alert; None if its ladder has stopped for good."""
    progress: Progress | None = None
    for envelope in envelopes:
        progress = after(progress, envelope, rungs, calendar)
    return progress


def after(
    progress: Progress | None, envelope: Envelope[Any], rungs: tuple[Rung, ...], calendar: WorkCalendar
) -> Progress | None:
    """Return the progress after one event. Work time counts from when an event was recorded."""
    event, at = envelope.event, envelope.recorded_at
    if isinstance(event, events.AlertRaised):
        # What is raised again is still snoozed.
        return Progress(rungs, max(at, event.snoozed_until or at))
    if progress is None or event.status is not Status.FIRING:
        return None
    match event:
        case events.AlertSnoozed(snoozed_until=until):
            worked = max(calendar.elapsed(progress.since, at), timedelta())
            return replace(progress, used=progress.used + worked, since=max(until or at, at))
        case events.AlertUnsnoozed():
            return replace(progress, since=min(progress.since, at))
        case events.AlertEscalated(escalation_level=level):
            return replace(progress, level=level)
        case _:
            return progress


def next_rung_at(progress: Progress | None, calendar: WorkCalendar) -> datetime | None:
    """Return when the next rung has its minutes; None if there is none, or never enough work time.

    It may be outside work time. Then the rung waits for it.
    """
    if progress is None or progress.level >= len(progress.rungs):
        return None
    left = timedelta(minutes=progress.rungs[progress.level].after_minutes) - progress.used
    if left <= timedelta():
        return progress.since
    try:
        return calendar.after(progress.since, left)
    except NoWorkTimeError:
        return None
