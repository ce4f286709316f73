"""The clock of a complaint: so much work time to answer and to resolve; it stops in a pause and never runs back."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from contracts import followup as events
from contracts.followup.complaint import Severity, Target
from services.followup.calendar.working import working
from services.followup.commands.complaint import Moment

CONSENT_WORKDAYS = 5
A_SECOND = timedelta(seconds=1)
TOP_TIERS = frozenset({"vip", "a"})
# Work minutes to the first answer and to the resolution; a day of the calendar that is shipped has 450.
MINUTES = {
    Severity.CRITICAL: (60, 450),
    Severity.HIGH: (120, 900),
    Severity.NORMAL: (240, 2_250),
    Severity.LOW: (450, 4_500),
}
T = TypeVar("T", bound=Target)


@dataclass(frozen=True, slots=True)
class Clock:
    """What was promised last, and whether it stands still."""

    target: Target
    paused: bool = False


def promised(severity: Severity, tier: str | None) -> tuple[int, int]:
    """Return the work minutes to the answer and to the resolution; those of the highest tiers have half."""
    answer, resolve = MINUTES[severity]
    return (answer // 2, resolve // 2) if tier in TOP_TIERS else (answer, resolve)


def started(severity: Severity, moment: Moment) -> events.ComplaintTargetSet:
    answer, resolve = promised(severity, moment.tier)
    return target(
        events.ComplaintTargetSet,
        moment,
        timedelta(),
        severity=severity,
        tier=moment.tier,
        answer_minutes=answer,
        resolve_minutes=resolve,
    )


def resumed(clock: Clock, moment: Moment) -> events.ComplaintTargetChanged:
    """Return the same promise, going on now with what was used before the pause."""
    promise = clock.target.model_dump(include={"severity", "tier", "answer_minutes", "resolve_minutes"})
    return target(events.ComplaintTargetChanged, moment, used(clock, moment), clock.target, **promise)


def repromised(clock: Clock, moment: Moment) -> events.ComplaintTargetChanged | None:
    """Return the promise under a later version of its calendar; None where no due time differs by a second."""
    promise = clock.target
    if clock.paused or promise.calendar != moment.calendar.name or promise.calendar_number >= moment.calendar.number:
        return None
    changed = resumed(clock, moment)
    moved = max(abs(changed.answer_by - promise.answer_by), abs(changed.resolve_by - promise.resolve_by))
    return changed if moved >= A_SECOND else None


def target(kind: type[T], moment: Moment, already: timedelta, previous: Target | None = None, **promise: Any) -> T:
    """Return when so much work time ends that begins at `moment`, less what was used `already`.

    A due time that had been used up before stays where it was.
    """
    calendar = working(moment.calendar)
    answer_by = calendar.after(moment.at, timedelta(minutes=promise["answer_minutes"]) - already)
    resolve_by = calendar.after(moment.at, timedelta(minutes=promise["resolve_minutes"]) - already)
    return kind(
        **promise,
        calendar=moment.calendar.name,
        calendar_number=moment.calendar.number,
        started_at=moment.at,
        used_seconds=int(already.total_seconds()),
        answer_by=min(answer_by, previous.answer_by) if previous and answer_by == moment.at else answer_by,
        resolve_by=min(resolve_by, previous.resolve_by) if previous and resolve_by == moment.at else resolve_by,
        provisional=calendar.is_provisional(moment.at, resolve_by),
    )


def used(clock: Clock, moment: Moment) -> timedelta:
    """Return the work time that this clock has used: nothing is added in a pause, nor outside work time."""
    before = timedelta(seconds=clock.target.used_seconds)
    if clock.paused or moment.at < clock.target.started_at:
        return before
    return before + working(moment.former or moment.calendar).elapsed(clock.target.started_at, moment.at)


def in_time(clock: Clock, moment: Moment) -> tuple[bool, bool]:
    """Say whether what happens at `moment` answers in time, and resolves in time. The last second still counts."""
    spent = used(clock, moment)
    promise = clock.target
    return spent <= timedelta(minutes=promise.answer_minutes), spent <= timedelta(minutes=promise.resolve_minutes)


def consent_at(moment: Moment) -> datetime:
    """Return when silence becomes consent: at the same time of day, CONSENT_WORKDAYS workdays later."""
    calendar = working(moment.calendar)
    local = moment.at.astimezone(calendar.zone)
    day = calendar.workdays_after(local.date(), CONSENT_WORKDAYS)
    return datetime.combine(day, local.time(), calendar.zone)


def paused(clock: Clock, used_seconds: int) -> Clock:
    return replace(clock, paused=True, target=clock.target.model_copy(update={"used_seconds": used_seconds}))
