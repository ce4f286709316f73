"""HTTP to list follow-up tasks."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends

from chassis.http.body import StrictRoute
from chassis.http.paging import Page
from services.reporting.api.access import Reader
from services.reporting.api.paging import SnapshotPaging
from services.reporting.queries import tasks
from services.reporting.queries.tasks import TaskFilters, TaskView

router = APIRouter(prefix="/v1", tags=["reading"], route_class=StrictRoute)


@router.get("/tasks")
async def read_tasks(
    caller: Reader, paging: SnapshotPaging, filters: Annotated[TaskFilters, Depends()]
) -> Page[TaskView]:
    """List follow-ups by due time. A seller sees those of their own customers."""
    own, now = caller.visible_to, caller.context.now
    return await paging.page(
        {"list": "tasks", "visible_to": own, **asdict(filters)},
        lambda held, cursor, size: tasks.page(held, filters, own, cursor, size, now),
        tasks.cursor_of,
    )
