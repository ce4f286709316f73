"""HTTP to read customers: the 360° view, the timeline and the list."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from chassis.commands.problem import not_found
from chassis.http.access import Caller
from chassis.http.body import StrictRoute
from chassis.http.paging import Page
from chassis.postgres.database import Connection
from services.reporting.api.access import Reader
from services.reporting.api.paging import SnapshotPaging
from services.reporting.dependencies import Needs
from services.reporting.queries import alerts, complaints, customers, tasks, timeline
from services.reporting.queries.alerts import AlertFilters, AlertView
from services.reporting.queries.complaints import ComplaintView
from services.reporting.queries.customers import CustomerFilters, CustomerSummary
from services.reporting.queries.snapshot import snapshot
from services.reporting.queries.tasks import TaskFilters, TaskState, TaskView
from services.reporting.queries.timeline import TimelineEntry
from services.reporting.reports.links import link

OPEN_SHOWN = 100
ENTRIES_SHOWN = 20

router = APIRouter(prefix="/v1", tags=["reading"], route_class=StrictRoute)


class CustomerOverview(CustomerSummary):
    """The 360° view: the customer, its open items, and the last events. `links` lead to the complete lists."""

    tasks: list[TaskView]
    complaints: list[ComplaintView]
    alerts: list[AlertView]
    timeline: list[TimelineEntry]
    links: dict[str, str]


@router.get("/customers/{customer_id}")
async def read_customer(customer_id: UUID, caller: Reader, needs: Needs) -> CustomerOverview:
    """Read the 360° view of a customer from one snapshot, with up to 100 open items of each kind."""
    now = caller.context.now
    open_tasks = TaskFilters(customer_id=customer_id, state=TaskState.OPEN)
    still_open = AlertFilters(customer_id=customer_id, is_open=True)
    async with snapshot(needs.pool) as held:
        await customers.require_not_merged(held, customer_id)
        summary = await customers.one(held, customer_id, now)
        if summary is None:
            raise not_found()
        caller.require(customers.held_by(summary.owner_id, summary.leader_id, summary.helper_ids))
        open_items = await tasks.page(held, open_tasks, None, None, OPEN_SHOWN, now)
        open_complaints = await complaints.open_complaints_of(held, customer_id, OPEN_SHOWN)
        open_alerts = await alerts.page(held, still_open, None, None, OPEN_SHOWN)
        entries = await timeline.page(held, customer_id, None, ENTRIES_SHOWN)
    return CustomerOverview(
        **dict(summary),
        tasks=open_items[:OPEN_SHOWN],
        complaints=open_complaints,
        alerts=open_alerts[:OPEN_SHOWN],
        timeline=entries[:ENTRIES_SHOWN],
        links={
            "tasks": link("/v1/tasks", customer_id=customer_id),
            "alerts": link("/v1/alerts", customer_id=customer_id),
            "timeline": f"/v1/customers/{customer_id}/timeline",
        },
    )


@router.get("/customers/{customer_id}/timeline")
async def read_timeline(customer_id: UUID, caller: Reader, paging: SnapshotPaging) -> Page[TimelineEntry]:
    """List all events about a customer, newest first."""

    async def fetch(held: Connection, cursor: list[str] | None, size: int) -> list[TimelineEntry]:
        await require(held, caller, customer_id)
        return await timeline.page(held, customer_id, cursor, size)

    return await paging.page({"list": "timeline", "customer_id": customer_id}, fetch, timeline.cursor_of)


async def require(held: Connection, caller: Caller, customer_id: UUID) -> None:
    """Raise the 404 or 403 problem unless the customer exists and the caller may see it."""
    await customers.require_not_merged(held, customer_id)
    holders = await customers.holders(held, customer_id)
    if holders is None:
        raise not_found()
    caller.require(holders)


@router.get("/customers")
async def read_customers(
    caller: Reader, paging: SnapshotPaging, filters: Annotated[CustomerFilters, Depends()]
) -> Page[CustomerSummary]:
    """List customers in a stable order. A seller sees their own customers only."""
    own, now = caller.visible_to, caller.context.now
    return await paging.page(
        {"list": "customers", "visible_to": own, **asdict(filters)},
        lambda held, cursor, size: customers.page(held, filters, own, cursor, size, now),
        customers.cursor_of,
    )
