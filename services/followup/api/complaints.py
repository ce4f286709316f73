"""HTTP in front of the complaint's rules."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Response

from chassis.access import Caller
from chassis.body import StrictRoute
from chassis.history import HistoryEntry
from chassis.listing import Limit, Paging, shown_as
from chassis.paging import Page
from chassis.responses import Accepted, answer, etag
from contracts.followup import ComplaintRaised
from contracts.types import EmployeeId
from services.followup import commands
from services.followup.api.edge import (
    After,
    Anyone,
    by_caller,
    customer_of,
    fold,
    history,
    new_id,
    shared_with,
    stream_of,
)
from services.followup.api.listing import page_of
from services.followup.dependencies import Dependencies, Needs
from services.followup.domain.complaint import ComplaintState
from services.followup.projection import ComplaintRow, project_complaint
from services.followup.queries import Filters, Place
from services.followup.views import ComplaintView, complaint_views

router = APIRouter(prefix="/v1", tags=["complaints"], route_class=StrictRoute)

Confirmation = Annotated[commands.Confirm, Body(default_factory=commands.Confirm)]
Closing = Annotated[commands.Close, Body(default_factory=commands.Close)]


@router.post("/customers/{customer_id}/complaints", status_code=201, response_model=Accepted)
async def raise_complaint(customer_id: UUID, command: commands.Raise, caller: Anyone, needs: Needs) -> Response:
    """Record a complaint. Whoever receives it owns it."""
    customer = await needs.customers.require(customer_id)
    caller.require(customer.holders)
    complaint_id, named = new_id(caller, needs), by_caller(command, "owner_id", caller)
    handled = await needs.complaints.handle(complaint_id, named, caller.context, subject=customer_id)
    return answer(handled, f"/v1/complaints/{complaint_id}")


@router.post("/complaints/{complaint_id}/answer", response_model=Accepted)
async def answer_complaint(complaint_id: UUID, command: commands.Answer, caller: Anyone, needs: Needs) -> Response:
    """Record what the customer was answered. Each answer is a fact of its own."""
    return await handle(complaint_id, by_caller(command, "employee_id", caller), caller, needs)


@router.post("/complaints/{complaint_id}/confirmation", response_model=Accepted)
async def confirm(complaint_id: UUID, command: Confirmation, caller: Anyone, needs: Needs) -> Response:
    """Record that the customer is content with the answer."""
    return await handle(complaint_id, command, caller, needs)


@router.post("/complaints/{complaint_id}/closing", response_model=Accepted)
async def close(complaint_id: UUID, command: Closing, caller: Anyone, needs: Needs) -> Response:
    """Close a complaint that the customer has confirmed."""
    return await handle(complaint_id, command, caller, needs)


async def handle(
    complaint_id: UUID, command: commands.ComplaintCommand, caller: Caller, needs: Dependencies
) -> Response:
    customer_id = await customer_of(complaint_id, ComplaintRaised, needs)
    holders = await needs.customers.holders(customer_id)
    handled = await needs.complaints.handle(
        complaint_id,
        command,
        caller.context,
        subject=customer_id,
        expected_version=caller.expected_version,
        authorize=lambda complaint: caller.require(shared_with(holders, complaint.owner_id if complaint else None)),
    )
    return answer(handled, f"/v1/complaints/{complaint_id}")


@router.get("/complaints/{complaint_id}")
async def read_complaint(complaint_id: UUID, caller: Anyone, needs: Needs, response: Response) -> ComplaintView:
    """Read a complaint as it stands after every acknowledged command."""
    row = fold(project_complaint, await stream_of(complaint_id, ComplaintRaised, needs))
    await require(caller, row, needs)
    response.headers["ETag"] = etag(row.version)
    (view,) = await complaint_views([row], needs.queries)
    return view


async def require(caller: Caller, row: ComplaintRow, needs: Dependencies) -> None:
    holders = await needs.customers.holders(row.customer_id)
    caller.require(shared_with(holders, row.owner_id))


@router.get("/complaints")
async def read_complaints(
    caller: Anyone,
    needs: Needs,
    paging: Paging,
    customer_id: UUID | None = None,
    owner_id: EmployeeId | None = None,
    state: ComplaintState | None = None,
) -> Page[ComplaintView]:
    """List complaints, the latest first; a seller sees their own and those of their customers."""
    filters = Filters(customer_id, owner_id, state, visible_to=caller.visible_to)
    page = await page_of(paging, needs.queries.complaints, filters, lambda row: Place(row.raised_at, row.complaint_id))
    return shown_as(page, await complaint_views(page.items, needs.queries))


@router.get("/complaints/{complaint_id}/events")
async def read_complaint_events(
    complaint_id: UUID, caller: Anyone, needs: Needs, limit: Limit = None, after: After = 0
) -> Page[HistoryEntry]:
    """Read every fact about the complaint, in the order in which they were recorded."""
    envelopes = await stream_of(complaint_id, ComplaintRaised, needs)
    await require(caller, fold(project_complaint, envelopes), needs)
    return history(envelopes, limit, after)
