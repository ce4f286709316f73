"""HTTP for follow-up tasks."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Response

from chassis.commands.decider import RejectedError
from chassis.http.access import Caller, Creator
from chassis.http.body import StrictRoute
from chassis.http.history import HistoryEntry
from chassis.http.listing import AfterVersion, Limit, Paging, with_items
from chassis.http.paging import Page
from chassis.http.responses import Accepted, answer, etag
from contracts.followup import TaskScheduled
from contracts.followup.plan import Assignment
from contracts.types import EmployeeId, Instant
from services.followup import commands
from services.followup.api.access import (
    Anyone,
    by_caller,
    covered_by,
    first_of,
    fold,
    history,
    leaver_check,
    new_id,
    read_envelopes,
    require_doer,
)
from services.followup.api.pages import page_of
from services.followup.assignment import Work, find_assignee, turn_of
from services.followup.commands.task import ScheduleByRule, ScheduleTask
from services.followup.dependencies import Dependencies, Needs
from services.followup.domain.customer_ref import CustomerRef
from services.followup.domain.task import TaskState
from services.followup.projection.tasks import TaskRow, project
from services.followup.queries.paging import SortKey
from services.followup.queries.tasks import TaskFilters, TaskView

router = APIRouter(prefix="/v1", tags=["tasks"], route_class=StrictRoute)

# Names of plan templates have no colon, so no plan shares these round robins.
TURNS = "task:"
Completion = Annotated[commands.Complete, Body(default_factory=commands.Complete)]
Cancellation = Annotated[commands.Cancel, Body(default_factory=commands.Cancel)]


class Scheduled(Accepted):
    """The task, its version after the command, and its assignee."""

    assignee_id: str


@router.post("/customers/{customer_id}/tasks", status_code=201, response_model=Scheduled)
async def schedule_task(customer_id: UUID, command: ScheduleTask, caller: Creator, needs: Needs) -> Response:
    """Schedule a task. The request names the assignee or a rule that finds one; the default is the caller."""
    customer = await needs.customers.require_kept(customer_id)
    caller.require(customer.holders)
    task_id = new_id(caller, needs)
    with_assignee = (
        await by_rule(command, customer, needs) if command.assign else by_caller(command, "assignee_id", caller)
    )
    handled = await needs.tasks.handle(
        task_id,
        with_assignee,
        caller.context,
        subject=customer_id,
        authorize=await leaver_check("assignee_id", with_assignee.assignee_id, needs),
    )
    # On a retry the rule might find another assignee: return the stored one.
    assignee_id = with_assignee.assignee_id if handled.events else await first_assignee(task_id, needs)
    scheduled = Scheduled.model_validate({"id": task_id, "version": handled.version, "assignee_id": assignee_id})
    return answer(replace(handled, body=scheduled.model_dump_json().encode()), f"/v1/tasks/{task_id}")


async def by_rule(command: ScheduleTask, customer: CustomerRef, needs: Dependencies) -> commands.Schedule:
    """Return the command with the assignee found by its rule; raise RejectedError if the customer has no owner."""
    assign = command.assign or Assignment.OWNER
    work = Work(assign, command.team, (TURNS, turn_of(command.team)), command.due_at, customer.owner_id)
    found = await find_assignee(needs.pool, work)
    if found is None:
        raise RejectedError(
            "no-owner",
            "This customer has no owner. Name the assignee.",
            "该客户尚无负责人，请指定由谁处理。",
            "assignee_id",
        )
    return ScheduleByRule(
        **command.model_dump(exclude={"assign", "team", "assignee_id"}),
        assignee_id=found.employee_id,
        assignment=found.assignment,
        stands_in_for=found.stands_in_for,
    )


async def first_assignee(task_id: UUID, needs: Dependencies) -> str:
    """Return the assignee of the first event: the same for a retry."""
    stored = await needs.store.first_of(task_id)
    if stored is None:
        raise LookupError("a task that was scheduled must have an event")
    found: str = needs.mapper.to_envelope(stored).event.assignee_id
    return found


@router.post("/tasks/{task_id}/completion", response_model=Accepted)
async def complete_task(task_id: UUID, command: Completion, caller: Anyone, needs: Needs) -> Response:
    """Complete the task."""
    return await handle(task_id, by_caller(command, "employee_id", caller), caller, needs)


@router.post("/tasks/{task_id}/rescheduling", response_model=Accepted)
async def reschedule_task(task_id: UUID, command: commands.Reschedule, caller: Anyone, needs: Needs) -> Response:
    """Reschedule an open task."""
    return await handle(task_id, command, caller, needs)


@router.post("/tasks/{task_id}/cancellation", response_model=Accepted)
async def cancel_task(task_id: UUID, command: Cancellation, caller: Anyone, needs: Needs) -> Response:
    """Cancel an open task."""
    return await handle(task_id, command, caller, needs)


async def handle(task_id: UUID, command: commands.TaskCommand, caller: Caller, needs: Dependencies) -> Response:
    first = await first_of(task_id, TaskScheduled, needs)
    holders = await needs.customers.holders(first.subject)
    covered = await covered_by(caller, needs)
    handled = await needs.tasks.handle(
        task_id,
        command,
        caller.context,
        subject=first.subject,
        expected_version=caller.expected_version,
        not_before=first.occurred_at,
        authorize=lambda task: require_doer(caller, holders, task.assignee_id if task else None, covered),
    )
    return answer(handled, f"/v1/tasks/{task_id}")


@router.get("/tasks/{task_id}")
async def read_task(task_id: UUID, caller: Anyone, needs: Needs, response: Response) -> TaskView:
    """Read a task, with the effect of every acknowledged command."""
    row = await fold(project, await read_envelopes(task_id, TaskScheduled, needs))
    await require(caller, row, needs)
    response.headers["ETag"] = etag(row.version)
    (view,) = await needs.task_queries.views([row])
    return view


async def require(caller: Caller, row: TaskRow, needs: Dependencies) -> None:
    holders = await needs.customers.holders(row.customer_id)
    require_doer(caller, holders, row.assignee_id, await covered_by(caller, needs))


@router.get("/tasks")
async def read_tasks(
    caller: Anyone,
    needs: Needs,
    paging: Paging,
    customer_id: UUID | None = None,
    assignee_id: EmployeeId | None = None,
    state: TaskState | None = None,
    due_before: Instant | None = None,
) -> Page[TaskView]:
    """List tasks by due time. Sales see their own and those of their customers."""
    filters = TaskFilters(caller.visible_to, customer_id, assignee_id, state, due_before)
    page = await page_of(paging, needs.task_queries.page, filters, lambda row: SortKey(row.due_at, row.task_id))
    return with_items(page, await needs.task_queries.views(page.items))


@router.get("/tasks/{task_id}/events")
async def read_task_events(
    task_id: UUID, caller: Anyone, needs: Needs, limit: Limit = None, after: AfterVersion = 0
) -> Page[HistoryEntry]:
    """Read every event of the task, in the order of recording."""
    envelopes = await read_envelopes(task_id, TaskScheduled, needs)
    await require(caller, await fold(project, envelopes), needs)
    return history(envelopes, limit, after)
