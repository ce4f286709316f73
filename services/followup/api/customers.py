"""HTTP for the event history of one customer."""

from uuid import UUID

from fastapi import APIRouter

from chassis.http.body import StrictRoute
from chassis.http.history import HistoryEntry, entry_of
from chassis.http.listing import AfterPosition, Limit
from chassis.http.paging import Page, coerce_limit
from services.followup.api.access import Anyone
from services.followup.dependencies import Needs

router = APIRouter(prefix="/v1", tags=["customers"], route_class=StrictRoute)


@router.get("/customers/{customer_id}/events")
async def read_customer_events(
    customer_id: UUID,
    caller: Anyone,
    needs: Needs,
    limit: Limit = None,
    after: AfterPosition = 0,
) -> Page[HistoryEntry]:
    """Read all events of this service about the customer, in the order of recording."""
    customer = await needs.customers.require(customer_id)
    caller.require(customer.holders)
    size = coerce_limit(limit)
    ids = await needs.customers.ids_of(customer_id)
    found = [row for each in ids for row in await needs.store.read_subject(each, after=after, limit=size + 1)]
    rows = sorted(found, key=lambda row: row.id)[: size + 1]
    entries = [entry_of(needs.mapper.to_envelope(row)) for row in rows[:size]]
    more = len(rows) > size
    return Page(items=entries, next_cursor=str(entries[-1].position) if more else None, has_more=more)
