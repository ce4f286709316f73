"""HTTP for complaints."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query, Response

from chassis.commands.decision import LinkedCommand
from chassis.commands.holders import Holders
from chassis.http.access import Caller, Creator
from chassis.http.body import StrictRoute
from chassis.http.history import HistoryEntry
from chassis.http.listing import AfterVersion, Limit, Paging, with_items
from chassis.http.paging import Page
from chassis.http.responses import Accepted, answer, etag
from contracts.followup import CalendarPublished, ComplaintPolicyPublished, ComplaintRaised
from contracts.types import EmployeeId
from services.followup import commands
from services.followup.api.access import (
    Anyone,
    by_caller,
    covered_by,
    fold,
    history,
    leaver_check,
    new_id,
    read_envelopes,
    require_doer,
)
from services.followup.api.pages import page_of
from services.followup.commands.complaint import RaiseByRule
from services.followup.complaints.receiver import assigned_by_policy
from services.followup.dependencies import Dependencies, Needs
from services.followup.domain.complaint import Complaint, ComplaintState
from services.followup.domain.complaint_order import not_before
from services.followup.projection import complaint_repeats
from services.followup.projection.complaints import ComplaintRow, project
from services.followup.queries.complaints import ComplaintFilters, ComplaintView
from services.followup.queries.paging import SortKey
from services.followup.shipped.complaint_policy import SHIPPED
from services.followup.stream_ids import repeats_of

router = APIRouter(prefix="/v1", tags=["complaints"], route_class=StrictRoute)

Confirmation = Annotated[commands.Confirm, Body(default_factory=commands.Confirm)]
Resumption = Annotated[commands.Resume, Body(default_factory=commands.Resume)]
SCHEME = "default"
Closure = Annotated[commands.Close, Body(default_factory=commands.Close)]


@router.post("/customers/{customer_id}/complaints", status_code=201, response_model=Accepted)
async def raise_complaint(customer_id: UUID, command: commands.Raise, caller: Creator, needs: Needs) -> Response:
    """Record a complaint. The caller owns it, unless the request or the complaint policy names another owner."""
    customer = await needs.customers.require_kept(customer_id)
    caller.require(customer.holders)
    complaint_id, with_owner = new_id(caller, needs), by_caller(command, "owner_id", caller)
    policy, calendar = await terms_in_force(caller.context.now, needs)
    context, tier = caller.context, customer.tiers.get(SCHEME)
    timed = with_owner.with_moment(context, calendar, tier, policy=policy)
    if command.owner_id is None and timed.moment:
        assigned = await assigned_by_policy(with_owner, customer, timed.moment, context.now, needs.pool)
        timed = assigned.with_moment(context, calendar, tier, policy=policy)
    handled = await needs.complaints.handle(
        complaint_id,
        timed,
        caller.context,
        subject=customer_id,
        authorize=await leaver_check(
            "owner_id", timed.to_owner_id if isinstance(timed, RaiseByRule) else timed.owner_id, needs
        ),
        linked=links_of(complaint_id, customer_id, with_owner, caller, needs),
    )
    return answer(handled, f"/v1/complaints/{complaint_id}")


def links_of(
    complaint_id: UUID, customer_id: UUID, command: commands.Raise, caller: Caller, needs: Dependencies
) -> list[LinkedCommand]:
    """Return the command that links the complaint to earlier ones; none if it has neither topic nor product."""
    if command.topic is None and command.product is None:
        return []
    link = commands.LinkComplaint(
        occurred_at=command.occurred_at,
        complaint_id=complaint_id,
        raised_at=command.occurred_at or caller.context.now,
        topic=command.topic,
        product=command.product,
    )
    return [needs.complaint_repeats.linked(repeats_of(customer_id, needs.pseudonyms), link)]


@router.post("/complaints/{complaint_id}/answer", response_model=Accepted)
async def answer_complaint(complaint_id: UUID, command: commands.Answer, caller: Anyone, needs: Needs) -> Response:
    """Record an answer to the customer. Each answer adds an event."""
    return await handle(complaint_id, by_caller(command, "employee_id", caller), caller, needs)


@router.post("/complaints/{complaint_id}/assignment", response_model=Accepted)
async def assign_complaint(
    complaint_id: UUID, command: commands.AssignComplaint, caller: Anyone, needs: Needs
) -> Response:
    """Assign the complaint to another owner. Its clock continues."""
    return await handle(complaint_id, command, caller, needs)


@router.post("/complaints/{complaint_id}/severity", response_model=Accepted)
async def reclassify_complaint(
    complaint_id: UUID, command: commands.Reclassify, caller: Anyone, needs: Needs
) -> Response:
    """Change the severity. The targets come from the policy version of the complaint, less the work time used."""
    return await handle(complaint_id, command, caller, needs)


@router.post("/complaints/{complaint_id}/pause", response_model=Accepted)
async def pause_complaint(complaint_id: UUID, command: commands.Pause, caller: Anyone, needs: Needs) -> Response:
    """Pause the clock, with a reason. A pause outside work time changes no due time."""
    return await handle(complaint_id, command, caller, needs)


@router.post("/complaints/{complaint_id}/resumption", response_model=Accepted)
async def resume_complaint(complaint_id: UUID, command: Resumption, caller: Anyone, needs: Needs) -> Response:
    """Resume the clock with the remaining work time."""
    return await handle(complaint_id, command, caller, needs)


@router.post("/complaints/{complaint_id}/communication", response_model=Accepted)
async def record_communication(
    complaint_id: UUID, command: commands.Communicate, caller: Anyone, needs: Needs
) -> Response:
    """Record that the result was communicated to the customer. The period for silent consent starts."""
    return await handle(complaint_id, command, caller, needs)


@router.post("/complaints/{complaint_id}/reopening", response_model=Accepted)
async def reopen_complaint(complaint_id: UUID, command: commands.Reopen, caller: Anyone, needs: Needs) -> Response:
    """Reopen a settled complaint. A new clock starts; the verdict of the first closure stays."""
    return await handle(complaint_id, command, caller, needs)


@router.post("/complaints/{complaint_id}/confirmation", response_model=Accepted)
async def confirm_complaint(complaint_id: UUID, command: Confirmation, caller: Anyone, needs: Needs) -> Response:
    """Record that the customer accepts the answer."""
    return await handle(complaint_id, command, caller, needs)


@router.post("/complaints/{complaint_id}/closure", response_model=Accepted)
async def close_complaint(complaint_id: UUID, command: Closure, caller: Anyone, needs: Needs) -> Response:
    """Close a complaint that the customer has confirmed."""
    return await handle(complaint_id, command, caller, needs)


async def handle(
    complaint_id: UUID, command: commands.ComplaintCommand, caller: Caller, needs: Dependencies
) -> Response:
    past = await read_envelopes(complaint_id, ComplaintRaised, needs)
    customer_id, earliest = past[0].subject, not_before(command, past)
    customer = await needs.customers.find(customer_id)
    holders = customer.holders if customer else Holders()
    covered = await covered_by(caller, needs)
    policy, calendar = await terms_of(complaint_id, command, caller.context.now, needs)
    tier = customer.tiers.get(SCHEME) if customer else None
    refuse_leaver = await leaver_check(
        "owner_id", command.owner_id if isinstance(command, commands.AssignComplaint) else None, needs
    )

    def authorize(complaint: Complaint | None) -> None:
        require_doer(caller, holders, complaint.owner_id if complaint else None, covered)
        refuse_leaver(complaint)

    handled = await needs.complaints.handle(
        complaint_id,
        command.with_moment(caller.context, calendar, tier, policy=policy, not_before=earliest),
        caller.context,
        subject=customer_id,
        expected_version=caller.expected_version,
        not_before=earliest,
        authorize=authorize,
    )
    return answer(handled, f"/v1/complaints/{complaint_id}")


async def terms_in_force(now: datetime, needs: Dependencies) -> tuple[ComplaintPolicyPublished, CalendarPublished]:
    policy = await needs.complaint_policies.in_force(now)
    return policy, await needs.calendars.in_force(now, policy.calendar)


async def terms_of(
    complaint_id: UUID, command: commands.ComplaintCommand, now: datetime, needs: Dependencies
) -> tuple[ComplaintPolicyPublished, CalendarPublished]:
    """Return the policy and calendar versions of the complaint's clock; a new clock gets those in force."""
    state, calendars = (await needs.complaints.load(complaint_id)).state, needs.calendars
    if isinstance(command, commands.Reopen) or state is None or state.clock is None:
        return await terms_in_force(now, needs)
    target = state.clock.target
    # A target without a policy number was set under the shipped version.
    policy = await needs.complaint_policies.version(target.policy_number or SHIPPED.number)
    # The work time before a pause is known, so the clock may resume under the version in force.
    if isinstance(command, commands.Resume):
        return policy, await calendars.in_force(now, target.calendar)
    return policy, await calendars.version(target.calendar_number, target.calendar)


@router.get("/complaints/{complaint_id}")
async def read_complaint(complaint_id: UUID, caller: Anyone, needs: Needs, response: Response) -> ComplaintView:
    """Read a complaint, with the effect of every acknowledged command."""
    row = await fold(project, await read_envelopes(complaint_id, ComplaintRaised, needs))
    await require(caller, row, needs)
    async for link in needs.store.read_stream(repeats_of(row.customer_id, needs.pseudonyms)):
        event = needs.mapper.to_envelope(link).event
        row = complaint_repeats.project(row, event) if event.complaint_id == complaint_id else row
    response.headers["ETag"] = etag(row.version)
    (view,) = await needs.complaint_queries.views([row])
    return view


async def require(caller: Caller, row: ComplaintRow, needs: Dependencies) -> None:
    holders = await needs.customers.holders(row.customer_id)
    require_doer(caller, holders, row.owner_id, await covered_by(caller, needs))


@router.get("/complaints")
async def read_complaints(
    caller: Anyone,
    needs: Needs,
    paging: Paging,
    customer_id: UUID | None = None,
    owner_id: EmployeeId | None = None,
    state: ComplaintState | None = None,
    overdue: Annotated[bool, Query(description="Only complaints whose answer or resolution is late.")] = False,
) -> Page[ComplaintView]:
    """List complaints, the latest first. Sales see their own and those of their customers."""
    filters = ComplaintFilters(caller.visible_to, customer_id, owner_id, state, overdue)
    queries = needs.complaint_queries
    page = await page_of(paging, queries.page, filters, lambda row: SortKey(row.raised_at, row.complaint_id))
    return with_items(page, await queries.views(page.items))


@router.get("/complaints/{complaint_id}/events")
async def read_complaint_events(
    complaint_id: UUID, caller: Anyone, needs: Needs, limit: Limit = None, after: AfterVersion = 0
) -> Page[HistoryEntry]:
    """Read every event of the complaint, in the order of recording."""
    envelopes = await read_envelopes(complaint_id, ComplaintRaised, needs)
    await require(caller, await fold(project, envelopes), needs)
    return history(envelopes, limit, after)
