"""HTTP to read alerts and the rules behind them. Alerts are raised and ended by facts, not by requests."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from chassis.commands.holders import Holders
from chassis.commands.problem import not_found
from chassis.http.access import Allow, Caller
from chassis.http.auth import Role
from chassis.http.body import StrictRoute
from chassis.http.export import After, Export
from chassis.http.history import HistoryEntry, entry_of
from chassis.http.listing import Paging
from chassis.http.paging import Page
from chassis.http.responses import etag
from chassis.store.erasure import Statement
from contracts.alerts import Status
from contracts.types import Code, EmployeeId
from services.alerts.dependencies import Needs
from services.alerts.engine.rules import RuleBook
from services.alerts.queries.alerts import AlertView, Filters

router = APIRouter(prefix="/v1", tags=["alerts"], route_class=StrictRoute)

Reader = Annotated[Caller, Depends(Allow())]
Keeper = Annotated[Caller, Depends(Allow(anywhere={Role.OPS, Role.ADMIN}, own=()))]


@router.get("/alerts")
async def read_list(
    caller: Reader,
    needs: Needs,
    paging: Paging,
    status: Status | None = None,
    rule_id: Code | None = None,
    owner_id: EmployeeId | None = None,
    customer_id: UUID | None = None,
) -> Page[AlertView]:
    """List alerts; a seller sees those of customers in their care and of their own tasks."""
    filters = Filters(status, rule_id, owner_id, customer_id, caller.visible_to)
    return await paging.page(
        {"list": "alerts", **asdict(filters)},
        lambda place, size: needs.queries.page(filters, UUID(place[0]) if place else None, size),
        lambda alert: [str(alert.id)],
    )


@router.get("/alerts/{alert_id}")
async def read_one(alert_id: UUID, caller: Reader, needs: Needs, response: Response) -> AlertView:
    """Read an alert: what was silent since when, by which rule, because of which events."""
    alert = await needs.queries.one(alert_id)
    if alert is None:
        raise not_found()
    caller.require(Holders(helper_ids=frozenset(alert.holders)))
    response.headers["ETag"] = etag(alert.version)
    return alert


@router.get("/alerts/{alert_id}/events")
async def read_events(alert_id: UUID, caller: Reader, needs: Needs) -> Page[HistoryEntry]:
    """Read every transition of an alert."""
    alert = await needs.queries.one(alert_id)
    if alert is None:
        raise not_found()
    caller.require(Holders(helper_ids=frozenset(alert.holders)))
    rows = await needs.store.read_stream(alert_id)
    return Page(items=[entry_of(needs.mapper.to_envelope(row)) for row in rows])


@router.get("/customers/{customer_id}/erasure")
async def read_erasure(customer_id: UUID, _caller: Keeper, needs: Needs) -> Statement:
    """Read which erasures of a customer this service has received. It takes no personal words."""
    return await needs.queries.statement(customer_id)


@router.get("/customers/{customer_id}/export")
async def export(customer_id: UUID, caller: Keeper, needs: Needs, after: After = 0) -> Export:
    """Read all that this service has recorded about the customer, up to 1,000 facts at a time. There are no words."""
    return await needs.exports.part([customer_id], None, after, caller)


@router.get("/rules")
async def read_rules(_caller: Reader, needs: Needs) -> RuleBook:
    """Read the rules in force, with their versions and thresholds."""
    return needs.rules
