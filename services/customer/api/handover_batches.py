"""HTTP for handover batches: handing over many customers at once."""

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
from services.customer.api.access import Leader, LeaderCreating
from services.customer.dependencies import Dependencies, Needs
from services.customer.handovers.outcomes import Outcome
from services.customer.projection.handover_batches import HandoverBatchRow, project
from services.customer.queries import handover_batches
from services.customer.queries.handover_batches import HandoverBatchView, HandoverItemView

router = APIRouter(prefix="/v1", tags=["handovers"], route_class=StrictRoute)


@router.post("/handover-batches", status_code=201, response_model=Accepted)
async def start_handover_batch(command: commands.StartHandoverBatch, caller: LeaderCreating, needs: Needs) -> Response:
    """Hand over an employee's customers, customers without an owner, or a list, to the new owners in turn.

    A leader can hand over only customers that they lead.
    """
    await needs.employees.require_present("to_owner_ids", *command.to_owner_ids)
    await needs.employees.require_present("to_leader_id", command.to_leader_id)
    batch_id = new_id(caller.context, needs.pseudonyms)
    begin = commands.BeginHandoverBatch(request=command, led_by=caller.visible_to)
    handled = await needs.handover_batches.handle(batch_id, begin, caller.context)
    return answer(handled, f"/v1/handover-batches/{batch_id}")


@router.get("/handover-batches/{batch_id}")
async def read_handover_batch(batch_id: UUID, caller: Leader, needs: Needs, response: Response) -> HandoverBatchView:
    """Read the progress of a batch. A leader can read only batches that they started."""
    row = await batch_of(batch_id, caller, needs)
    response.headers["ETag"] = etag(row.version)
    return await handover_batches.view(needs.pool, row)


@router.get("/handover-batches/{batch_id}/customers")
async def read_handover_batch_customers(
    batch_id: UUID,
    caller: Leader,
    needs: Needs,
    paging: Paging,
    outcome: Annotated[Outcome | None, Query(description="`waiting`: not handed over yet.")] = None,
) -> Page[HandoverItemView]:
    """List the customers of a batch, each with its outcome."""
    await batch_of(batch_id, caller, needs)
    return await paging.page(
        {"list": "handover-batch", "batch_id": batch_id, "outcome": outcome},
        lambda cursor, size: handover_batches.page(needs.pool, batch_id, outcome, cursor, size),
        handover_batches.cursor_of,
    )


async def batch_of(batch_id: UUID, caller: Caller, needs: Dependencies) -> HandoverBatchRow:
    """Return the batch; raise the 403 problem unless the caller started it or may see every customer."""
    row = await fold(project, await read_envelopes(batch_id, [HandoverBatchStarted], needs.store, needs.mapper))
    caller.require(Holders(row.started_by))
    return row
