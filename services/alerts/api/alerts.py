"""HTTP to read alerts."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.commands.problem import not_found
from chassis.http.access import Caller
from chassis.http.as_of import AsOf, AsOfQuery
from chassis.http.body import StrictRoute
from chassis.http.history import HistoryEntry
from chassis.http.listing import AfterVersion, Limit, Paging
from chassis.http.paging import Page
from chassis.http.responses import etag
from chassis.http.streams import history, read_envelopes
from contracts.alerts import AlertRaised, Status, Transition
from contracts.event import Envelope
from contracts.types import Code, EmployeeId
from services.alerts.api.access import Reader, acting_for, require
from services.alerts.api.past_filters import check_filters
from services.alerts.dependencies import Dependencies, Needs
from services.alerts.queries.alerts import AlertFilters, AlertView
from services.alerts.queries.care import CareReport, task_report_of
from services.alerts.queries.details import AlertDetails, details
from services.alerts.queries.evidence import Evidence, evidence_of
from services.alerts.queries.past import state_at
from services.alerts.queries.past_list import PastAlerts
from services.alerts.staff.mutes import muted_until

NOW = AsOf()

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
    open: Annotated[bool | None, Query(description="Only alerts that are open, or only those that have ended.")] = None,  # noqa: A002
    snoozed: Annotated[bool | None, Query(description="Only alerts that are snoozed now, or only others.")] = None,
    *,
    as_of: AsOfQuery,
) -> Page[AlertView]:
    """List alerts; as of a past instant, those that were open then.

    A seller sees those of their own customers and of their own tasks, and those of employees whose stand-in they are.
    """
    acting = await acting_for(caller, needs.directory)
    filters = AlertFilters(status, rule_id, owner_id, customer_id, acting, open, snoozed)
    check_filters(filters, as_of)
    past = PastAlerts(needs.pool, needs.mapper, as_of)
    fetch = past.page if as_of.is_past else needs.queries.page
    return await paging.page(
        {"list": "alerts", **asdict(filters), "visible_to": caller.visible_to, **asdict(as_of)},
        lambda cursor, size: fetch(filters, UUID(cursor[0]) if cursor else None, size),
        lambda alert: [str(alert.id)],
    )


class AlertDetail(AlertDetails):
    """An alert with its comments, the events that led to it, and what became of its care task."""

    evidence: list[Evidence]
    task_report: CareReport | None = None


@router.get("/alerts/{alert_id}")
async def read_alert(alert_id: UUID, caller: Reader, needs: Needs, response: Response, as_of: AsOfQuery) -> AlertDetail:
    """Read an alert, its comments and the events that led to it; or its state at a past instant."""
    envelopes = await envelopes_of(alert_id, needs)
    alert = await visible(envelopes, caller, needs, as_of)
    if not as_of.is_past:
        response.headers["ETag"] = etag(alert.version)
    evidence = await evidence_of(needs.pool, alert.customer_id, alert.alert.causes)
    task_report = await task_report_of(alert.id, needs.store, needs.mapper)
    return AlertDetail(**dict(alert), evidence=evidence, task_report=task_report)


@router.get("/alerts/{alert_id}/events")
async def read_alert_events(
    alert_id: UUID,
    caller: Reader,
    needs: Needs,
    limit: Limit = None,
    after: AfterVersion = 0,
) -> Page[HistoryEntry]:
    """List the events of an alert, in the order of recording."""
    envelopes = await envelopes_of(alert_id, needs)
    await visible(envelopes, caller, needs)
    return history(envelopes, limit, after)


async def envelopes_of(alert_id: UUID, needs: Dependencies) -> Sequence[Envelope[Transition]]:
    return await read_envelopes(alert_id, [AlertRaised], needs.store, needs.mapper)


async def visible(
    envelopes: Sequence[Envelope[Transition]], caller: Caller, needs: Dependencies, as_of: AsOf = NOW
) -> AlertDetails:
    """Return the alert, or its state at an instant; raise the 403 problem unless the caller may see it now."""
    holders, acting = await needs.directory.holders(envelopes[-1].subject), await acting_for(caller, needs.directory)
    require(acting, holders, envelopes[-1].event.owner_id)
    key = envelopes[-1].subject, envelopes[-1].event.rule_id
    muted = await muted_until(needs.pool, needs.mapper, [key])
    state = state_at(envelopes, as_of) if as_of.is_past else envelopes[-1]
    if state is None:
        raise not_found()
    known = envelopes if not as_of.is_past else [each for each in envelopes if each.version <= state.version]
    return await details(needs.pool, [*known[:-1], state], holders, None if as_of.is_past else muted.get(key))
