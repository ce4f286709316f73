"""HTTP for absences of employees and their stand-ins."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from chassis.commands.decider import RejectedError
from chassis.commands.problem import ProblemError, not_found
from chassis.http.access import Caller
from chassis.http.body import StrictRoute
from chassis.http.listing import Limit, Paging, with_items
from chassis.http.paging import Page, coerce_limit
from chassis.http.responses import Accepted, answer, etag
from contracts.followup.absence import AbsenceEvent
from contracts.types import Day, EmployeeId
from services.followup.api.access import Anyone, new_id
from services.followup.api.pages import page_of
from services.followup.commands.absence import Absence, AbsenceCommand, CancelAbsence, ChangeAbsence, NoteAbsence
from services.followup.dependencies import Dependencies, Needs
from services.followup.projection.absences import AbsenceRow, project
from services.followup.queries.absences import AbsenceFilters, AbsenceView
from services.followup.queries.complaints import ComplaintView
from services.followup.queries.paging import SortKey
from services.followup.queries.tasks import TaskView
from services.followup.stream_ids import absences_of

router = APIRouter(prefix="/v1", tags=["absences"], route_class=StrictRoute)

Person = Annotated[EmployeeId, Path()]
FIRST_ABSENCE: dict[int | str, dict[str, object]] = {
    201: {"model": Accepted, "description": "The first absence of this employee"}
}


class TasksDue(BaseModel):
    """The first of `total` open tasks, by when they are due."""

    total: int
    items: list[TaskView]


class ComplaintsDue(BaseModel):
    """The first of `total` open complaints, by when their next target is due."""

    total: int
    items: list[ComplaintView]


class AbsenceWork(BaseModel):
    """The work that is due during an absence, and the stand-in."""

    absence_id: UUID
    employee_id: str
    stand_in_id: str | None
    tasks: TasksDue
    complaints: ComplaintsDue


@router.post("/employees/{employee_id}/absences", response_model=Accepted, responses=FIRST_ABSENCE)
async def note_absence(employee_id: Person, absence: Absence, caller: Anyone, needs: Needs) -> Response:
    """Record an absence of the caller, or of an employee that the caller leads. `Location` names the absence."""
    absence_id = new_id(caller, needs)
    command = NoteAbsence(**dict(absence), absence_id=absence_id, employee_id=employee_id)
    return await handle(employee_id, command, caller, needs)


@router.put("/employees/{employee_id}/absences/{absence_id}", response_model=Accepted)
async def change_absence(
    employee_id: Person, absence_id: UUID, absence: Absence, caller: Anyone, needs: Needs
) -> Response:
    """Replace an absence. Omitted fields are deleted."""
    command = ChangeAbsence(**dict(absence), absence_id=absence_id, employee_id=employee_id)
    return await handle(employee_id, command, caller, needs)


@router.delete("/employees/{employee_id}/absences/{absence_id}", response_model=Accepted)
async def cancel_absence(employee_id: Person, absence_id: UUID, caller: Anyone, needs: Needs) -> Response:
    """Cancel an absence."""
    return await handle(employee_id, CancelAbsence(absence_id=absence_id), caller, needs)


async def handle(employee_id: str, command: AbsenceCommand, caller: Caller, needs: Dependencies) -> Response:
    await require(employee_id, caller, needs)
    error = await stand_in_error(command, needs)

    def authorize(_absences: object) -> None:
        if error:
            raise error

    handled = await needs.absences.handle(
        absences_of(employee_id, needs.pseudonyms),
        command,
        caller.context,
        expected_version=caller.expected_version,
        authorize=authorize,
    )
    return answer(handled, f"/v1/employees/{employee_id}/absences/{command.absence_id}")


async def require(employee_id: str, caller: Caller, needs: Dependencies) -> None:
    """Raise the 403 problem unless the employee is the caller or is led by the caller."""
    own = caller.sees_all or caller.principal.subject == employee_id
    if not (own or await needs.absence_queries.leads(caller.principal.subject, employee_id)):
        raise ProblemError(
            "forbidden",
            "Only the absent employee, their leader and ops may change or read an absence.",
            "只有本人、其主管和运营人员可以维护或查看缺勤。",
        )


async def stand_in_error(command: AbsenceCommand, needs: Dependencies) -> RejectedError | None:
    """Return the error if the stand-in is not available; None if there is no stand-in, or it is available."""
    if isinstance(command, CancelAbsence) or command.stand_in_id is None:
        return None
    if await needs.absence_queries.can_stand_in(command.stand_in_id, (command.first_day, command.last_day)):
        return None
    return RejectedError(
        "stand-in-away",
        "The stand-in has left the company, or is absent on all of these days. Choose another one.",
        "代理人已离职，或在这些日期均缺勤，请另选他人。",
        "stand_in_id",
    )


@router.get("/employees/{employee_id}/absences/{absence_id}")
async def read_absence(
    employee_id: Person, absence_id: UUID, caller: Anyone, needs: Needs, response: Response
) -> AbsenceView:
    """Read an absence, cancelled or not, with the effect of every acknowledged command."""
    await require(employee_id, caller, needs)
    row, version = await row_of(employee_id, absence_id, needs)
    response.headers["ETag"] = etag(version)
    return AbsenceView.model_validate(row)


@router.get("/employees/{employee_id}/absences/{absence_id}/work")
async def read_absence_work(
    employee_id: Person, absence_id: UUID, caller: Anyone, needs: Needs, limit: Limit = None
) -> AbsenceWork:
    """Read the work that is due during the absence. Allowed for the employee, the leader and the stand-in."""
    row, _ = await row_of(employee_id, absence_id, needs)
    subject = caller.principal.subject
    if subject != row.stand_in_id or row.cancelled_at:
        await require(employee_id, caller, needs)
    visible_to = None if subject in {employee_id, row.stand_in_id} else caller.visible_to
    size = coerce_limit(limit)
    number, tasks = await needs.due_work.tasks(row, visible_to, size)
    more, complaints = await needs.due_work.complaints(row, visible_to, size)
    return AbsenceWork(
        absence_id=absence_id,
        employee_id=employee_id,
        stand_in_id=row.stand_in_id,
        tasks=TasksDue(total=number, items=await needs.task_queries.views(tasks)),
        complaints=ComplaintsDue(total=more, items=await needs.complaint_queries.views(complaints)),
    )


async def row_of(employee_id: str, absence_id: UUID, needs: Dependencies) -> tuple[AbsenceRow, int]:
    """Return an absence, and the version of the employee's absences; raise the 404 problem if there is none."""
    row, version = None, 0
    async for stored in needs.store.read_stream(absences_of(employee_id, needs.pseudonyms)):
        envelope = needs.mapper.to_envelope(stored)
        version = envelope.version
        if isinstance(envelope.event, AbsenceEvent) and envelope.event.absence_id == absence_id:
            row = project(row, envelope)
    if row is None:
        raise not_found()
    return row, version


@router.get("/absences")
async def read_absences(
    caller: Anyone,
    needs: Needs,
    paging: Paging,
    employee_id: EmployeeId | None = None,
    since: Annotated[
        Day | None, Query(alias="from", description="Only absences that end on this day or later.")
    ] = None,
    until: Annotated[
        Day | None, Query(alias="to", description="Only absences that begin on this day or earlier.")
    ] = None,
) -> Page[AbsenceView]:
    """List absences by start: the caller's own, those of employees they lead, and those they are the stand-in for."""
    filters = AbsenceFilters(caller.visible_to, employee_id, since, until)
    page = await page_of(
        paging, needs.absence_queries.page, filters, lambda row: SortKey(row.starts_at, row.absence_id)
    )
    return with_items(page, [AbsenceView.model_validate(row) for row in page.items])
