"""HTTP for handing many customers over at once."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.commands.holders import Holders
from chassis.http.access import Caller
from chassis.http.body import StrictRoute
from chassis.http.listing import Paging
from chassis.http.paging import Page
from chassis.http.responses import Accepted, answer, etag
from chassis.http.streams import fold, new_id, read_envelopes
from contracts.customer import HandoverBatchStarted
from services.customer import commands
from services.customer.api.access import Office
from services.customer.dependencies import Dependencies, Needs
from services.customer.handovers.outcomes import Outcome
from services.customer.projection.handover_batches import HandoverBatchRow, project
from services.customer.queries import handover_batches
from services.customer.queries.handover_batches import HandoverBatchView, HandoverItemView

router = APIRouter(prefix="/v1", tags=["handovers"], route_class=StrictRoute)


@router.post("/handover-batches", status_code=201, response_model=Accepted)
async def start(command: commands.StartHandoverBatch, caller: Office, needs: Needs) -> Response:
    """Hand over what somebody has, what nobody has, or a list, to others in turn. A leader passes on what they lead."""
    await needs.employees.require_present(*command.to_owner_ids, command.to_leader_id)
    batch_id = new_id(caller.context, needs.pseudonyms)
    begin = commands.BeginBatch(asked=command, led_by=caller.visible_to)
    handled = await needs.handover_batches.handle(batch_id, begin, caller.context)
    return answer(handled, f"/v1/handover-batches/{batch_id}")


@router.get("/handover-batches/{batch_id}")
async def read_one(batch_id: UUID, caller: Office, needs: Needs, response: Response) -> HandoverBatchView:
    """Read how far a batch has come; a leader reads their own."""
    row = await batch_of(batch_id, caller, needs)
    response.headers["ETag"] = etag(row.version)
    return await handover_batches.view(needs.pool, row)


@router.get("/handover-batches/{batch_id}/customers")
async def read_customers(
    batch_id: UUID,
    caller: Office,
    needs: Needs,
    paging: Paging,
    outcome: Annotated[Outcome | None, Query(description="`waiting`: those that are still missing.")] = None,
) -> Page[HandoverItemView]:
    """List the customers of a batch, and what has come of each."""
    await batch_of(batch_id, caller, needs)
    return await paging.page(
        {"list": "handover-batch", "batch_id": batch_id, "outcome": outcome},
        lambda place, size: handover_batches.page(needs.pool, batch_id, outcome, place, size),
        handover_batches.place_of,
    )


async def batch_of(batch_id: UUID, caller: Caller, needs: Dependencies) -> HandoverBatchRow:
    """Return the batch; raise the 403 problem for who neither began it nor sees everything."""
    row = fold(project, await read_envelopes(batch_id, [HandoverBatchStarted], needs.store, needs.mapper))
    caller.require(Holders(row.started_by))
    return row
