"""HTTP for the needs of a customer."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel

from chassis.http.as_of import AsOfQuery
from chassis.http.body import StrictRoute
from chassis.http.paging import Page
from chassis.http.responses import Accepted
from contracts.customer import NeedStated, NeedStatus
from services.customer import commands
from services.customer.api.access import Anyone, Reader, may_see_personal_data, require_current
from services.customer.api.customers import handle
from services.customer.dependencies import Needs

router = APIRouter(prefix="/v1", tags=["needs"], route_class=StrictRoute)


class Statement(BaseModel):
    """One statement about a need. `is_withheld`: there is a text that this caller may not see."""

    status: NeedStatus
    text: str | None
    is_withheld: bool
    occurred_at: datetime
    recorded_at: datetime
    actor: str


class NeedView(BaseModel):
    """A need with its present status and all statements, oldest first."""

    need: str
    status: NeedStatus
    history: list[Statement]


@router.post("/customers/{customer_id}/needs", response_model=Accepted)
async def state(customer_id: UUID, command: commands.StateNeed, caller: Anyone, needs: Needs) -> Response:
    """State a need of the customer, or its new status."""
    return await handle(customer_id, command, caller, needs)


@router.get("/customers/{customer_id}/needs")
async def read(customer_id: UUID, caller: Reader, needs: Needs, as_of: AsOfQuery) -> Page[NeedView]:
    """Read the customer's needs with their history, oldest first, in one page."""
    loaded = await needs.customers.load(customer_id)
    require_current(loaded.state)
    caller.require(loaded.state.holders)
    envelopes = [needs.mapper.to_envelope(row) for row in await needs.store.read_stream(customer_id)]
    stated = [each for each in envelopes if isinstance(each.event, NeedStated) and as_of.includes(each)]
    stated.sort(key=lambda each: (each.occurred_at, each.version))
    show_personal_data = may_see_personal_data(caller, loaded.state.holders)
    words = await needs.queries.words(
        each.event.text_ref for each in stated if each.event.text_ref and show_personal_data
    )
    histories: dict[str, list[Statement]] = {}
    for each in stated:
        statement = Statement(
            status=each.event.status,
            text=words.get(each.event.text_ref),
            is_withheld=bool(each.event.text_ref) and not show_personal_data,
            occurred_at=each.occurred_at,
            recorded_at=each.recorded_at,
            actor=each.metadata.actor,
        )
        histories.setdefault(each.event.need, []).append(statement)
    views = [NeedView(need=need, status=history[-1].status, history=history) for need, history in histories.items()]
    return Page(items=views)
