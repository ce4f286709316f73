"""HTTP to read alerts. Events and timers raise and end alerts, not requests."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.commands.holders import Holders
from chassis.commands.problem import not_found
from chassis.http.as_of import AsOf, AsOfQuery
from chassis.http.body import StrictRoute
from chassis.http.history import HistoryEntry
from chassis.http.listing import Limit, Paging
from chassis.http.paging import Page
from chassis.http.responses import etag
from chassis.http.streams import history
from contracts.alerts import Status
from contracts.types import Code, EmployeeId
from services.alerts.api.access import Reader
from services.alerts.dependencies import Dependencies, Needs
from services.alerts.queries.alerts import AlertFilters, AlertView
from services.alerts.queries.care import CareReport, task_report_of
from services.alerts.queries.evidence import Evidence, evidence_of
from services.alerts.queries.past import state_at
from services.alerts.queries.past_list import PastAlerts, view_of

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
    *,
    as_of: AsOfQuery,
) -> Page[AlertView]:
    """List alerts; as of a past instant, those that were open then.

    A seller sees those of their own customers and of their own tasks.
    """
    filters = AlertFilters(status, rule_id, owner_id, customer_id, caller.visible_to)
    past = PastAlerts(needs.pool, needs.mapper, as_of)
    fetch = past.page if as_of.is_past else needs.queries.page
    return await paging.page(
        {"list": "alerts", **asdict(filters), **asdict(as_of)},
        lambda cursor, size: fetch(filters, UUID(cursor[0]) if cursor else None, size),
        lambda alert: [str(alert.id)],
    )


class AlertDetail(AlertView):
    """An alert with the events that led to it, and what became of its care task."""

    evidence: list[Evidence]
    task_report: CareReport | None = None


@router.get("/alerts/{alert_id}")
async def read_alert(alert_id: UUID, caller: Reader, needs: Needs, response: Response, as_of: AsOfQuery) -> AlertDetail:
    """Read an alert and the events that led to it; or its state at a past instant."""
    alert = await needs.queries.one(alert_id)
    if alert is None:
        raise not_found()
    caller.require(Holders(helper_ids=frozenset(alert.holders)))
    if as_of.is_past:
        alert = await read_past(alert, as_of, needs)
    else:
        response.headers["ETag"] = etag(alert.version)
    evidence = await evidence_of(needs.pool, alert.customer_id, alert.alert.causes)
    task_report = await task_report_of(alert.id, needs.store, needs.mapper)
    return AlertDetail(**dict(alert), evidence=evidence, task_report=task_report)


async def read_past(alert: AlertView, as_of: AsOf, needs: Dependencies) -> AlertView:
    """Return the state at an instant. The present holders decide who may read it."""
    envelopes = [needs.mapper.to_envelope(row) async for row in needs.store.read_stream(alert.id)]
    state = state_at(envelopes, as_of)
    if state is None:
        raise not_found()
    return view_of(state, alert.holders)


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
