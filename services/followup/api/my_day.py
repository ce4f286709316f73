"""HTTP for what somebody, or a team, has to see to today."""

from typing import Annotated, Generic, TypeVar

from fastapi import APIRouter, Query
from pydantic import BaseModel

from chassis.body import StrictRoute
from chassis.listing import Limit
from chassis.paging import coerce_limit
from contracts.types import EmployeeId, Instant
from services.followup.api.edge import Anyone
from services.followup.dependencies import Needs
from services.followup.myday import Asked, Part
from services.followup.projection import ComplaintRow, TaskRow
from services.followup.queries import FollowupQueries
from services.followup.views import ComplaintView, TaskView, complaints_said, tasks_said

router = APIRouter(prefix="/v1", tags=["my day"], route_class=StrictRoute)

MAX_NAMED = 50
USUAL_ITEMS = 20
V = TypeVar("V")
People = Annotated[list[EmployeeId], Query(max_length=MAX_NAMED, description="Whose day; several make a team.")]


class PressingTask(TaskView):
    """A follow-up, the tier its customer has now, and how much it hurts: above 0 it is late."""

    tier: str | None
    hurts: float


class PressingComplaint(ComplaintView):
    """A complaint, and how much it hurts: above 0 its next target has passed."""

    hurts: float


class PartView(BaseModel, Generic[V]):
    """The first of `total`, what hurts most coming first."""

    total: int
    items: list[V]


class DayView(BaseModel):
    """What is open at `as_of`: due before then, until midnight, in the days after; and complaints that press."""

    as_of: Instant
    overdue: PartView[PressingTask]
    today: PartView[PressingTask]
    next: PartView[PressingTask]
    complaints: PartView[PressingComplaint]


@router.get("/my-day")
async def read_my_day(
    caller: Anyone,
    needs: Needs,
    employee_id: People = [],  # noqa: B006 - FastAPI copies it
    leader_id: Annotated[EmployeeId | None, Query(description="The day of all whom this employee leads.")] = None,
    limit: Limit = None,
) -> DayView:
    """Read what there is to see to, what hurts most first: the caller's own, or that of those who are named.

    A seller sees of others' days what concerns their own customers.
    """
    people = [*employee_id, *(await needs.days.people_of(leader_id) if leader_id else [])]
    asked = Asked(
        people or [caller.principal.subject], caller.visible_to, caller.context.now, coerce_limit(limit or USUAL_ITEMS)
    )
    tasks = await needs.days.tasks(asked)
    shown = {part: await tasks_shown(found, needs.queries) for part, found in tasks.items()}
    complaints = await complaints_shown(await needs.days.complaints(asked), needs.queries)
    return DayView(as_of=asked.now, complaints=complaints, **shown)


async def tasks_shown(part: Part[TaskRow], queries: FollowupQueries) -> PartView[PressingTask]:
    said = await tasks_said([each.row for each in part.items], queries)
    items = [
        PressingTask.model_validate({**task, "tier": each.tier, "hurts": each.hurts})
        for task, each in zip(said, part.items, strict=True)
    ]
    return PartView(total=part.total, items=items)


async def complaints_shown(part: Part[ComplaintRow], queries: FollowupQueries) -> PartView[PressingComplaint]:
    said = await complaints_said([each.row for each in part.items], queries)
    items = [
        PressingComplaint.model_validate({**complaint, "hurts": each.hurts})
        for complaint, each in zip(said, part.items, strict=True)
    ]
    return PartView(total=part.total, items=items)
