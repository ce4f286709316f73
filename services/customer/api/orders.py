"""HTTP for orders."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Response

from chassis.http.access import Creator
from chassis.http.body import StrictRoute
from chassis.http.history import HistoryEntry
from chassis.http.listing import AfterVersion, Limit, Paging
from chassis.http.paging import Page
from chassis.http.responses import Accepted
from services.customer import commands
from services.customer.api.access import Anyone, Reader
from services.customer.api.commerce import (
    ALREADY_RECORDED,
    begin,
    change,
    read_history,
    read_one,
    read_page,
    shown,
)
from services.customer.dependencies import Needs
from services.customer.projection.commerce import OrderRow, project_order
from services.customer.queries.commerce import OrderView

router = APIRouter(prefix="/v1", tags=["orders"], route_class=StrictRoute)

Delivery = Annotated[commands.DeliverOrder, Body(default_factory=commands.DeliverOrder)]


def view(row: OrderRow) -> OrderView:
    return OrderView(id=row.order_id, **asdict(row))


@router.post("/customers/{customer_id}/orders", status_code=201, response_model=Accepted, responses=ALREADY_RECORDED)
async def place_order(customer_id: UUID, command: commands.PlaceOrder, caller: Creator, needs: Needs) -> Response:
    """Record an order. Recording it again under the same external number adds no event."""
    return await begin(needs.commerce.orders, customer_id, command, caller, needs)


@router.post("/orders/{order_id}/delivery", response_model=Accepted)
async def deliver_order(
    order_id: UUID,
    command: Delivery,
    caller: Anyone,
    needs: Needs,
) -> Response:
    """Record that the whole order was delivered."""
    return await change(needs.commerce.orders, order_id, command, caller, needs)


@router.post("/orders/{order_id}/cancellation", response_model=Accepted)
async def cancel_order(order_id: UUID, command: commands.CancelOrder, caller: Anyone, needs: Needs) -> Response:
    """Record that the order was cancelled."""
    return await change(needs.commerce.orders, order_id, command, caller, needs)


@router.get("/orders/{order_id}")
async def read_order(order_id: UUID, caller: Reader, needs: Needs, response: Response) -> OrderView:
    """Read the order. The result includes every acknowledged command."""
    return view(await read_one(needs.commerce.orders, order_id, project_order, caller, needs, response))


@router.get("/orders/{order_id}/events")
async def read_order_events(
    order_id: UUID, caller: Reader, needs: Needs, limit: Limit = None, after: AfterVersion = 0
) -> Page[HistoryEntry]:
    """List all events of the order in the order in which they were recorded."""
    return await read_history(needs.commerce.orders, order_id, caller, needs, limit, after)


@router.get("/customers/{customer_id}/orders")
async def read_orders(customer_id: UUID, caller: Reader, needs: Needs, paging: Paging) -> Page[OrderView]:
    """List the customer's orders, newest first."""
    return shown(await read_page(OrderRow, "placed_at", "order_id", customer_id, caller, needs, paging), view)
