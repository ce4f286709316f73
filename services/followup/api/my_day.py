"""HTTP for the day of an employee or a team."""

from datetime import date, timedelta
from typing import Annotated, Generic, TypeVar

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from chassis.http.access import Caller
from chassis.http.body import StrictRoute
from chassis.http.listing import Limit
from chassis.http.paging import coerce_limit
from contracts.types import EmployeeId, Instant
from services.followup.api.access import Anyone
from services.followup.dependencies import Dependencies, Needs
from services.followup.projection.complaints import ComplaintRow
from services.followup.projection.tasks import TaskRow
from services.followup.queries.complaints import ComplaintQueries, ComplaintView
from services.followup.queries.my_day import NEXT_DAYS, DayPart, DayQuery
from services.followup.queries.tasks import TaskQueries, TaskView

router = APIRouter(prefix="/v1", tags=["my day"], route_class=StrictRoute)

MAX_NAMED = 50
USUAL_ITEMS = 20
V = TypeVar("V")
People = Annotated[list[EmployeeId], Query(max_length=MAX_NAMED, description="The employees; several make a team.")]


class PressingTask(TaskView):
    """A task, the present tier of its customer, and its urgency `hurts`: above 0 it is late.

    `standing_in_for` is the absent assignee, if one of the requested employees is the stand-in.
    """

    tier: str | None
    hurts: float
    standing_in_for: str | None


class PressingComplaint(ComplaintView):
    """A complaint and its urgency `hurts`: above 0 its next target has passed."""

    hurts: float
    standing_in_for: str | None


class PartView(BaseModel, Generic[V]):
    """The first of `total`, the most urgent first."""

    total: int
    items: list[V]


class AwayView(BaseModel):
    """A present absence of one of the requested employees."""

    model_config = ConfigDict(from_attributes=True)

    employee_id: str
    first_day: date
    last_day: date
    stand_in_id: str | None


class MyDayView(BaseModel):
    """Open tasks at `as_of`: due before, until midnight, in the days after; and complaints near their targets."""

    as_of: Instant
    away: list[AwayView]
    overdue: PartView[PressingTask]
    today: PartView[PressingTask]
    next: PartView[PressingTask]
    complaints: PartView[PressingComplaint]


@router.get("/my-day")
async def read_my_day(
    caller: Anyone,
    needs: Needs,
    employee_id: People = [],  # noqa: B006 - FastAPI copies it
    leader_id: Annotated[
        EmployeeId | None, Query(description="The day of all employees whom this employee leads.")
    ] = None,
    limit: Limit = None,
) -> MyDayView:
    """Read open work, the most urgent first: the caller's own, or that of the requested employees.

    In the days of other employees, sales see only work for their own customers.
    """
    people = [*employee_id, *(await needs.day_queries.people_of(leader_id) if leader_id else [])]
    query = await day_query(people or [caller.principal.subject], caller, needs, coerce_limit(limit or USUAL_ITEMS))
    tasks = await needs.day_queries.tasks(query)
    parts = {part: await task_part(found, query, needs.task_queries) for part, found in tasks.items()}
    pressing = await needs.day_queries.complaints(query)
    complaints = await complaint_part(pressing, query, needs.complaint_queries)
    away = await needs.absence_queries.away_now(query.people, caller.visible_to, query.now)
    return MyDayView(
        as_of=query.now, away=[AwayView.model_validate(each) for each in away], complaints=complaints, **parts
    )


async def day_query(people: list[str], caller: Caller, needs: Dependencies, limit: int) -> DayQuery:
    now = caller.context.now
    until = needs.day_queries.midnight_after(now) + timedelta(days=NEXT_DAYS)
    covered = await needs.absence_queries.covered_by(people, now, until)
    return DayQuery(people, caller.visible_to, now, limit, covered)


def absent_assignee(employee_id: str, query: DayQuery) -> str | None:
    """Return the absent assignee, if the work belongs to an employee who was not requested."""
    return None if employee_id in query.people else employee_id


async def task_part(part: DayPart[TaskRow], query: DayQuery, queries: TaskQueries) -> PartView[PressingTask]:
    tasks = await queries.values([each.row for each in part.items])
    items = [
        PressingTask.model_validate(
            {
                **task,
                "tier": each.tier,
                "hurts": each.hurts,
                "standing_in_for": absent_assignee(each.row.assignee_id, query),
            }
        )
        for task, each in zip(tasks, part.items, strict=True)
    ]
    return PartView(total=part.total, items=items)


async def complaint_part(
    part: DayPart[ComplaintRow], query: DayQuery, queries: ComplaintQueries
) -> PartView[PressingComplaint]:
    complaints = await queries.values([each.row for each in part.items])
    items = [
        PressingComplaint.model_validate(
            {**complaint, "hurts": each.hurts, "standing_in_for": absent_assignee(each.row.owner_id, query)}
        )
        for complaint, each in zip(complaints, part.items, strict=True)
    ]
    return PartView(total=part.total, items=items)
