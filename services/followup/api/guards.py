"""HTTP for what the mode guards found."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from chassis.http.body import StrictRoute
from chassis.http.listing import Paging, shown_as
from chassis.http.paging import Page
from contracts.customer import Mode, Stage
from contracts.followup import Guard
from services.followup.api.access import Anyone
from services.followup.api.pages import page_of
from services.followup.dependencies import Needs
from services.followup.queries.followups import Filters, Place

router = APIRouter(prefix="/v1", tags=["guards"], route_class=StrictRoute)


class GuardState(StrEnum):
    OPEN = "open"
    CLEARED = "cleared"


class GuardView(BaseModel):
    """One time that a guard tripped: over which contacts, by which threshold, where the customer stood."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    customer_id: UUID
    guard: Guard
    number: int
    stage: Stage
    mode: Mode | None
    contact_ids: list[UUID]
    employee_ids: list[str]
    at_least: int
    within_days: int
    since: datetime
    owner_id: str | None
    leader_id: str | None
    tripped_at: datetime
    cleared_at: datetime | None


@router.get("/guards")
async def read_guards(
    caller: Anyone,
    needs: Needs,
    paging: Paging,
    customer_id: UUID | None = None,
    guard: Guard | None = None,
    state: GuardState | None = None,
) -> Page[GuardView]:
    """List where customers are treated otherwise than their stage asks for, the latest first."""
    filters = Filters(customer_id, state=state, kind=guard, visible_to=caller.visible_to)
    page = await page_of(paging, needs.guard_list.guards, filters, lambda row: Place(row.tripped_at, row.id))
    return shown_as(page, [GuardView.model_validate(row) for row in page.items])
