"""HTTP for the needs of a customer."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel

from chassis.http.as_of import AsOfQuery
from chassis.http.body import StrictRoute
from chassis.http.listing import Paging, with_items
from chassis.http.paging import Page
from chassis.http.responses import Accepted
from chassis.http.streams import type_of
from chassis.store.vault import PersonalData
from contracts.customer import NeedStated, NeedStatus
from contracts.event import Envelope
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
    """A need with its present status and its statements, oldest first."""

    need: str
    status: NeedStatus
    history: list[Statement]


@router.post("/customers/{customer_id}/needs", response_model=Accepted)
async def state_need(customer_id: UUID, command: commands.StateNeed, caller: Anyone, needs: Needs) -> Response:
    """State a need of the customer, or its new status."""
    return await handle(customer_id, command, caller, needs)


@router.get("/customers/{customer_id}/needs")
async def read_needs(
    customer_id: UUID, caller: Reader, needs: Needs, as_of: AsOfQuery, paging: Paging
) -> Page[NeedView]:
    """Read the customer's needs with their statements, oldest first.

    `limit` counts statements. A need whose statements do not fit on one page continues on the next one.
    """
    loaded = await needs.customers.load(customer_id)
    require_current(loaded.state)
    caller.require(loaded.state.holders)
    rows = needs.store.read_stream(customer_id, types=[type_of(NeedStated)])
    envelopes = [needs.mapper.to_envelope(row) async for row in rows]
    stated = sorted(filter(as_of.includes, envelopes), key=place_of)

    async def fetch(after: list[str] | None, size: int) -> list[Envelope[NeedStated]]:
        start = bisect_right(stated, (datetime.fromisoformat(after[0]), int(after[1])), key=place_of) if after else 0
        return stated[start : start + size + 1]

    bound = {"list": "needs", "of": customer_id, "as_of": as_of.occurred_by, "as_recorded": as_of.recorded_by}
    page = await paging.page(bound, fetch, lambda each: [each.occurred_at.isoformat(), str(each.version)])
    refs = [each.event.text_ref for each in page.items if each.event.text_ref]
    words = await needs.queries.words(refs) if may_see_personal_data(caller, loaded.state.holders) else None
    present = {each.event.need: each.event.status for each in stated}
    return with_items(page, views_of(page.items, present, words))


def place_of(envelope: Envelope[NeedStated]) -> tuple[datetime, int]:
    return envelope.occurred_at, envelope.version


def views_of(
    stated: Iterable[Envelope[NeedStated]], present: Mapping[str, NeedStatus], words: PersonalData | None
) -> list[NeedView]:
    """Return the needs of these statements. `words` are their texts, None if the caller may not see them."""
    histories: dict[str, list[Statement]] = {}
    for each in stated:
        statement = Statement(
            status=each.event.status,
            text=words.get(each.event.text_ref) if words else None,
            is_withheld=bool(each.event.text_ref) and words is None,
            occurred_at=each.occurred_at,
            recorded_at=each.recorded_at,
            actor=each.metadata.actor,
        )
        histories.setdefault(each.event.need, []).append(statement)
    return [NeedView(need=need, status=present[need], history=history) for need, history in histories.items()]
