"""HTTP for handovers: start, accept, withdraw, read."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Response

from chassis.commands.holders import Holders, employees_left
from chassis.commands.problem import not_found
from chassis.http.access import Caller
from chassis.http.body import StrictRoute
from chassis.http.listing import Paging
from chassis.http.paging import Page
from chassis.http.responses import Accepted, answer, etag
from contracts.customer import HandoverStarted
from contracts.types import EmployeeId
from services.customer import commands
from services.customer.api.access import Anyone, Leader, Reader, require_current
from services.customer.dependencies import Dependencies, Needs
from services.customer.domain.erasure import require_kept
from services.customer.domain.handover import Handover
from services.customer.projection.handovers import HandoverRow, HandoverState, project
from services.customer.queries.handovers import HandoverFilters, HandoverView

router = APIRouter(prefix="/v1", tags=["handovers"], route_class=StrictRoute)

Acceptance = Annotated[commands.AcceptHandover, Body(default_factory=commands.AcceptHandover)]
Withdrawal = Annotated[commands.WithdrawHandover, Body(default_factory=commands.WithdrawHandover)]


NOT_THE_FIRST: dict[int | str, dict[str, Any]] = {
    200: {"model": Accepted, "description": "Started, or already open; not the first handover of this customer"}
}


@router.post("/customers/{customer_id}/handover", status_code=201, response_model=Accepted, responses=NOT_THE_FIRST)
async def start_handover(customer_id: UUID, command: commands.StartHandover, caller: Leader, needs: Needs) -> Response:
    """Start a handover with a checklist of open items. The owner changes when the new owner accepts."""
    customer = (await needs.customers.load(customer_id)).state
    require_current(customer)
    caller.require(customer.holders)
    await needs.employees.require_present("to_owner_id", command.to_owner_id)
    await needs.employees.require_present("to_leader_id", command.to_leader_id)
    require_kept(customer)
    found = await needs.checklists.of([customer_id, *customer.duplicate_ids], caller.context.now)
    begin = commands.BeginHandover(
        occurred_at=command.occurred_at,
        request=await with_leader(command, needs),
        from_owner_id=customer.owner_id,
        checklist=found.items,
        contracts=found.contracts,
        is_leader_stated=command.to_leader_id is not None,
    )
    handled = await needs.handovers.handle(
        stream_of(customer_id, needs),
        begin,
        caller.context,
        subject=customer_id,
        expected_version=caller.expected_version,
    )
    return answer(handled, f"/v1/customers/{customer_id}/handover")


async def with_leader(command: commands.StartHandover, needs: Dependencies) -> commands.StartHandover:
    leader_id = command.to_leader_id or await needs.employees.leader_of(command.to_owner_id)
    return command.model_copy(update={"to_leader_id": leader_id})


@router.post("/customers/{customer_id}/handover/acceptance", response_model=Accepted)
async def accept_handover(customer_id: UUID, command: Acceptance, caller: Anyone, needs: Needs) -> Response:
    """Accept the handover. From then on the previous owner has no access to the customer."""
    require_current((await needs.customers.load(customer_id)).state)
    stream_id = stream_of(customer_id, needs)
    started = (await needs.handovers.load(stream_id)).state.started
    if started is None:
        raise not_found()
    leavers = await needs.employees.left([started.to_owner_id, started.to_leader_id or started.to_owner_id])
    # A stated leader may have left since the handover started, and the new owner may have another leader.
    is_stated = started.is_leader_stated and started.to_leader_id not in leavers
    leader_id = started.to_leader_id if is_stated else await needs.employees.leader_of(started.to_owner_id)

    def authorize(handover: Handover) -> None:
        caller.require(accepters(handover))
        if handover.open and started.to_owner_id in leavers:
            raise employees_left([started.to_owner_id])

    pass_on = commands.PassOn(
        occurred_at=command.occurred_at,
        from_owner_id=started.from_owner_id,
        owner_id=started.to_owner_id,
        leader_id=leader_id,
        is_leader_stated=is_stated,
    )
    handled = await needs.handovers.handle(
        stream_id,
        command,
        caller.context,
        subject=customer_id,
        expected_version=caller.expected_version,
        authorize=authorize,
        not_before=await started_at(stream_id, needs),
        linked=[needs.customers.linked(customer_id, pass_on)],
    )
    return answer(handled, f"/v1/customers/{customer_id}/handover")


@router.post("/customers/{customer_id}/handover/withdrawal", response_model=Accepted)
async def withdraw_handover(customer_id: UUID, command: Withdrawal, caller: Leader, needs: Needs) -> Response:
    """Withdraw the handover. The customer stays with its owner."""
    customer = (await needs.customers.load(customer_id)).state
    require_current(customer)
    caller.require(customer.holders)
    handled = await needs.handovers.handle(
        stream_of(customer_id, needs),
        command,
        caller.context,
        subject=customer_id,
        expected_version=caller.expected_version,
        not_before=await started_at(stream_of(customer_id, needs), needs),
    )
    return answer(handled, f"/v1/customers/{customer_id}/handover")


@router.get("/customers/{customer_id}/handover")
async def read_handover(customer_id: UUID, caller: Reader, needs: Needs, response: Response) -> HandoverView:
    """Read the open handover of a customer, or the last one."""
    row: HandoverRow | None = None
    async for stored in needs.store.read_stream(stream_of(customer_id, needs)):
        row = project(row, needs.mapper.to_envelope(stored))
    if row is None:
        raise not_found()
    require_part(caller, row)
    response.headers["ETag"] = etag(row.version)
    return await needs.handover_queries.view(row)


@router.get("/handovers")
async def read_handovers(
    caller: Reader,
    needs: Needs,
    paging: Paging,
    state: HandoverState | None = None,
    from_owner_id: EmployeeId | None = None,
    to_owner_id: EmployeeId | None = None,
    batch_id: UUID | None = None,
) -> Page[HandoverView]:
    """List handovers. An employee sees those in which they are the previous owner, the new owner or its leader."""
    filters = HandoverFilters(state, from_owner_id, to_owner_id, caller.visible_to, batch_id)
    return await paging.page(
        {"list": "handovers", **asdict(filters)},
        lambda cursor, size: needs.handover_queries.page(filters, UUID(cursor[0]) if cursor else None, size),
        lambda handover: [str(handover.customer_id)],
    )


def stream_of(customer_id: UUID, needs: Dependencies) -> UUID:
    """Return the stream of a customer's handovers. There is one, so at most one handover is open."""
    return needs.pseudonyms.derived("handover", str(customer_id))


async def started_at(stream_id: UUID, needs: Dependencies) -> datetime | None:
    """Return when the last handover of a stream started."""
    past = [needs.mapper.to_envelope(stored) async for stored in needs.store.read_stream(stream_id)]
    starts = [each.occurred_at for each in past if isinstance(each.event, HandoverStarted)]
    return starts[-1] if starts else None


def accepters(handover: Handover) -> Holders:
    """Return who may accept: the new owner and their leader."""
    started = handover.started
    return Holders(started.to_owner_id, started.to_leader_id) if started else Holders()


def require_part(caller: Caller, row: HandoverRow) -> None:
    helpers = frozenset({row.from_owner_id}) if row.from_owner_id else frozenset[str]()
    caller.require(Holders(row.to_owner_id, row.to_leader_id, helpers))
