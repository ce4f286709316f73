"""HTTP to read alerts. Events and timers raise and end alerts, not requests."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.commands.holders import Holders
from chassis.commands.problem import not_found
from chassis.http.body import StrictRoute
from chassis.http.history import HistoryEntry
from chassis.http.listing import Limit, Paging
from chassis.http.paging import Page
from chassis.http.responses import etag
from chassis.http.streams import history
from contracts.alerts import Status
from contracts.types import Code, EmployeeId
from services.alerts.api.access import Reader
from services.alerts.dependencies import Needs
from services.alerts.queries.alerts import AlertFilters, AlertView

router = APIRouter(prefix="/v1", tags=["alerts"], route_class=StrictRoute)


@router.get("/alerts")
async def read_alerts(
    caller: Reader,
    needs: Needs,
    paging: Paging,
    status: Status | None = None,
    rule_id: Code | None = None,
    owner_id: EmployeeId | None = None,
    customer_id: UUID | None = None,
) -> Page[AlertView]:
    """List alerts. A seller sees those of their own customers and of their own tasks."""
    filters = AlertFilters(status, rule_id, owner_id, customer_id, caller.visible_to)
    return await paging.page(
        {"list": "alerts", **asdict(filters)},
        lambda cursor, size: needs.queries.page(filters, UUID(cursor[0]) if cursor else None, size),
        lambda alert: [str(alert.id)],
    )


@router.get("/alerts/{alert_id}")
async def read_alert(alert_id: UUID, caller: Reader, needs: Needs, response: Response) -> AlertView:
    """Read an alert: the rule, the start of the silence, and the events that caused it."""
    alert = await needs.queries.one(alert_id)
    if alert is None:
        raise not_found()
    caller.require(Holders(helper_ids=frozenset(alert.holders)))
    response.headers["ETag"] = etag(alert.version)
    return alert


@router.get("/alerts/{alert_id}/events")
async def read_alert_events(
    alert_id: UUID,
    caller: Reader,
    needs: Needs,
    limit: Limit = None,
    after: Annotated[int, Query(ge=0, description="Version after which to continue.")] = 0,
) -> Page[HistoryEntry]:
    """List the events of an alert, in the order of recording."""
    alert = await needs.queries.one(alert_id)
    if alert is None:
        raise not_found()
    caller.require(Holders(helper_ids=frozenset(alert.holders)))
    envelopes = [needs.mapper.to_envelope(row) async for row in needs.store.read_stream(alert_id)]
    return history(envelopes, limit, after)
