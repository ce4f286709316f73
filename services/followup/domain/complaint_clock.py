"""The clock of a complaint: the work time to the answer and to the resolution. A pause stops it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from chassis.rules.calendars.work_calendar import working
from contracts import followup as events
from contracts.followup.complaint import Severity, Target
from services.followup.commands.complaint import WorkMoment
from services.followup.shipped.complaint_policy import target_of

A_SECOND = timedelta(seconds=1)
# The fields of a target that a recalculation keeps.
TARGET_TERMS = {"severity", "tier", "answer_minutes", "resolve_minutes", "policy_number"}
T = TypeVar("T", bound=Target)


@dataclass(frozen=True, slots=True)
class ComplaintClock:
    """The last target, and whether the clock is paused."""

    target: events.ComplaintTargetSet | events.ComplaintTargetChanged
    paused: bool = False


def started(severity: Severity, moment: WorkMoment) -> events.ComplaintTargetSet:
    return target(events.ComplaintTargetSet, moment, timedelta(), **terms_of(severity, moment.tier, moment.policy))


def terms_of(severity: Severity, tier: str | None, policy: events.ComplaintPolicyPublished) -> dict[str, Any]:
    found = target_of(policy, severity, tier)
    minutes = {"answer_minutes": found.answer_minutes, "resolve_minutes": found.resolve_minutes}
    return {"severity": severity, "tier": tier, "policy_number": policy.number, **minutes}


def reclassified(clock: ComplaintClock, severity: Severity, moment: WorkMoment) -> events.ComplaintTargetChanged:
    """Return the target for another severity, by the policy of `moment`."""
    other = terms_of(severity, clock.target.tier, moment.policy)
    return target(events.ComplaintTargetChanged, moment, used(clock, moment), **other)


def resumed(clock: ComplaintClock, moment: WorkMoment) -> events.ComplaintTargetChanged:
    """Return the same target, restarted at `moment` with the work time used before the pause."""
    same = clock.target.model_dump(include=TARGET_TERMS)
    return target(events.ComplaintTargetChanged, moment, used(clock, moment), clock.target, **same)


def recalculated(clock: ComplaintClock, moment: WorkMoment) -> events.ComplaintTargetChanged | None:
    """Return the target under a later version of its calendar; None if no due time changes by a second or more."""
    before = clock.target
    if clock.paused or before.calendar != moment.calendar.name or before.calendar_number >= moment.calendar.number:
        return None
    changed = resumed(clock, moment)
    difference = max(abs(changed.answer_by - before.answer_by), abs(changed.resolve_by - before.resolve_by))
    return changed if difference >= A_SECOND else None


def target(
    kind: type[T], moment: WorkMoment, used_before: timedelta, previous: Target | None = None, **terms: Any
) -> T:
    """Return a target that starts at `moment`, less the work time in `used_before`.

    A due time that has already passed does not change.
    """
    calendar = working(moment.calendar)
    answer_by = calendar.after(moment.at, timedelta(minutes=terms["answer_minutes"]) - used_before)
    resolve_by = calendar.after(moment.at, timedelta(minutes=terms["resolve_minutes"]) - used_before)
    return kind(
        **terms,
        calendar=moment.calendar.name,
        calendar_number=moment.calendar.number,
        started_at=moment.at,
        used_seconds=int(used_before.total_seconds()),
        answer_by=min(answer_by, previous.answer_by) if previous and answer_by == moment.at else answer_by,
        resolve_by=min(resolve_by, previous.resolve_by) if previous and resolve_by == moment.at else resolve_by,
        provisional=calendar.is_provisional(moment.at, resolve_by),
    )


def used(clock: ComplaintClock, moment: WorkMoment) -> timedelta:
    """Return the work time that this clock has used. Pauses and time outside work do not count."""
    before = timedelta(seconds=clock.target.used_seconds)
    if clock.paused or moment.at < clock.target.started_at:
        return before
    return before + working(moment.former or moment.calendar).elapsed(clock.target.started_at, moment.at)


def in_time(clock: ComplaintClock, moment: WorkMoment) -> tuple[bool, bool]:
    """Return whether an answer and a resolution at `moment` are in time; exactly at the due time is in time."""
    spent = used(clock, moment)
    answer, resolve = clock.target.answer_minutes, clock.target.resolve_minutes
    return spent <= timedelta(minutes=answer), spent <= timedelta(minutes=resolve)


def consent_at(moment: WorkMoment) -> datetime:
    """Return when silence counts as consent: at the same time of day, after the workdays of the policy."""
    calendar = working(moment.calendar)
    local = moment.at.astimezone(calendar.zone)
    day = calendar.workdays_after(local.date(), moment.policy.consent_workdays)
    return datetime.combine(day, local.time(), calendar.zone)


def paused(clock: ComplaintClock, used_seconds: int) -> ComplaintClock:
    return replace(clock, paused=True, target=clock.target.model_copy(update={"used_seconds": used_seconds}))
