"""HTTP to list alerts."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends

from chassis.http.body import StrictRoute
from chassis.http.paging import Page
from services.reporting.api.access import Reader
from services.reporting.api.paging import SnapshotPaging
from services.reporting.queries import alerts
from services.reporting.queries.alerts import AlertFilters, AlertView

router = APIRouter(prefix="/v1", tags=["reading"], route_class=StrictRoute)


@router.get("/alerts")
async def read_alerts(
    caller: Reader, paging: SnapshotPaging, filters: Annotated[AlertFilters, Depends()]
) -> Page[AlertView]:
    """List alerts, newest first. A seller sees those of their own customers."""
    own = caller.visible_to
    return await paging.page(
        {"list": "alerts", "visible_to": own, **asdict(filters)},
        lambda held, cursor, size: alerts.page(held, filters, own, cursor, size),
        alerts.cursor_of,
    )
