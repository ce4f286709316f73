"""HTTP for the plans of one customer."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from chassis.http.body import StrictRoute
from chassis.http.listing import Paging, with_items
from chassis.http.paging import Page
from services.followup.api.access import Anyone
from services.followup.api.pages import key_parts, sort_key
from services.followup.dependencies import Needs
from services.followup.plans import memory
from services.followup.plans.plan_row import PlanRow
from services.followup.queries.paging import SortKey

router = APIRouter(prefix="/v1", tags=["plans"], route_class=StrictRoute)


class PlannedView(BaseModel):
    """The task of one step of the plan."""

    task_id: UUID
    step: str
    due_at: datetime


class PlanView(BaseModel):
    """A plan. `ended_because` is the reason why it ended."""

    id: UUID
    customer_id: UUID
    template: str
    number: int
    tier: str | None
    anchor_id: UUID
    anchor_at: datetime
    ended_because: str | None
    tasks: list[PlannedView]


@router.get("/customers/{customer_id}/plans")
async def read_plans(customer_id: UUID, caller: Anyone, needs: Needs, paging: Paging) -> Page[PlanView]:
    """Read the customer's plans, the latest first."""
    customer = await needs.customers.require(customer_id)
    caller.require(customer.holders)

    async def fetch(parts: list[str] | None, size: int) -> list[PlanRow]:
        return await memory.of_customer(needs.pool, customer_id, sort_key(parts) if parts else None, size + 1)

    bound = {"list": "plans", "customer": customer_id}
    page = await paging.page(bound, fetch, lambda plan: key_parts(SortKey(plan.planned_from, plan.plan_id)))
    return with_items(page, [view(plan) for plan in page.items])


def view(plan: PlanRow) -> PlanView:
    due = sorted(plan.tasks.items(), key=lambda each: each[1].due_at)
    return PlanView(
        id=plan.plan_id,
        customer_id=plan.customer_id,
        template=plan.template,
        number=plan.number,
        tier=plan.tier,
        anchor_id=plan.anchor_id,
        anchor_at=plan.anchor_at,
        ended_because=plan.ended_because,
        tasks=[PlannedView(task_id=task.task_id, step=key.partition("#")[0], due_at=task.due_at) for key, task in due],
    )
