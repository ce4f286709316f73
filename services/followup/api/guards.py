"""HTTP for the findings of the mode guards."""

from uuid import UUID

from fastapi import APIRouter

from chassis.http.body import StrictRoute
from chassis.http.listing import Paging, with_items
from chassis.http.paging import Page
from contracts.followup import Guard
from services.followup.api.access import Anyone
from services.followup.api.pages import page_of
from services.followup.dependencies import Needs
from services.followup.queries.guards import GuardFilters, GuardState, GuardView
from services.followup.queries.paging import SortKey

router = APIRouter(prefix="/v1", tags=["guards"], route_class=StrictRoute)


@router.get("/guards")
async def read_guards(
    caller: Anyone,
    needs: Needs,
    paging: Paging,
    customer_id: UUID | None = None,
    guard: Guard | None = None,
    state: GuardState | None = None,
) -> Page[GuardView]:
    """List customers whose contacts do not fit their stage, the latest first."""
    filters = GuardFilters(caller.visible_to, customer_id, guard, state)
    page = await page_of(paging, needs.guard_queries.page, filters, lambda row: SortKey(row.tripped_at, row.id))
    return with_items(page, [GuardView.model_validate(row) for row in page.items])
