"""Calculates when the steps of a plan are due, and the changes of its tasks. Pure."""

import calendar as months
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from chassis.rules.worktime import WorkCalendar
from contracts.followup import PlanTemplatePublished
from contracts.followup.plan import OffsetUnit, PlanStep
from services.followup.plans.plan_row import PlanRow

# Tasks are scheduled up to this time ahead. A timer schedules the later ones.
HORIZON = timedelta(days=90)
REVIEW_INTERVAL = timedelta(days=30)
ONE_DAY = timedelta(days=1)
MAX_OCCURRENCES = 400
MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Due:
    """One step of a plan, and when it is due."""

    step: PlanStep
    at: datetime


@dataclass(frozen=True, slots=True)
class Revision:
    """The tasks to schedule, move and cancel, by the keys of their steps, and the plan's next due time."""

    schedule: Mapping[str, Due]
    move: Mapping[str, Due]
    cancel: tuple[str, ...]
    look_again_at: datetime
    is_done: bool


def revise(plan: PlanRow, template: PlanTemplatePublished, calendar: WorkCalendar, now: datetime) -> Revision:
    """Return the changes of open tasks that make the plan match `template`. Tasks already due are not changed."""
    until = now + HORIZON
    every = {key: due for step in template.steps for key, due in occurrences(plan, step, calendar, until)}
    wanted = {key: due for key, due in every.items() if due.at <= until}
    last = max((due.at for due in wanted.values()), default=plan.planned_from)
    further = len(every) > len(wanted)
    return Revision(
        schedule={key: due for key, due in wanted.items() if key not in plan.tasks and due.at >= plan.planned_from},
        move={key: due for key, due in wanted.items() if key in plan.tasks and now < plan.tasks[key].due_at != due.at},
        cancel=tuple(key for key, task in plan.tasks.items() if key not in wanted and task.due_at > now),
        look_again_at=now + REVIEW_INTERVAL if further else max(last, now) + ONE_DAY,
        is_done=not further and last < now,
    )


def occurrences(plan: PlanRow, step: PlanStep, calendar: WorkCalendar, until: datetime) -> Iterator[tuple[str, Due]]:
    """Yield each time the step is due, with its key, up to the first one after `until`."""
    if step.tiers and plan.tier not in step.tiers:
        return
    for number in count(1):
        at = due_at(plan.anchor_at, step, number, calendar)
        yield f"{step.name}#{number}", Due(step, at)
        if not step.repeats or at > until or number == MAX_OCCURRENCES:
            return


def due_at(anchor_at: datetime, step: PlanStep, number: int, calendar: WorkCalendar) -> datetime:
    """Return when the step is due for the `number`th time: the same time of day, on the next workday."""
    local, offset = anchor_at.astimezone(calendar.zone), step.offset * number
    match step.unit:
        case OffsetUnit.DAYS:
            return calendar.shift(local + timedelta(days=offset))
        case OffsetUnit.WORKDAYS:
            return calendar.shift(local.combine(calendar.workdays_after(local.date(), offset), local.timetz()))
        case OffsetUnit.MONTHS:
            return calendar.shift(months_after(local, offset))


def months_after(at: datetime, number: int) -> datetime:
    """Return the same day of a later month, or its last day."""
    years, month = divmod(at.month - 1 + number, MONTHS_A_YEAR)
    year = at.year + years
    return at.replace(year=year, month=month + 1, day=min(at.day, months.monthrange(year, month + 1)[1]))
