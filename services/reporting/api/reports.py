"""HTTP for the reports. Periods are days of the business zone; every figure links to its list."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from chassis.http.body import StrictRoute
from contracts.types import EmployeeId
from services.reporting.api.access import Reader
from services.reporting.dependencies import Needs
from services.reporting.queries import alerts, funnel, timeliness
from services.reporting.queries.period import EARLIEST, LATEST, Period, period_of
from services.reporting.queries.snapshot import complete_until, snapshot
from services.reporting.reports import figures
from services.reporting.reports.figures import OpenAlerts, StageFunnel, Timeliness
from services.reporting.reports.links import link

router = APIRouter(prefix="/v1/reports", tags=["reports"], route_class=StrictRoute)


A_DAY = timedelta(days=1)


async def period_of_query(
    caller: Reader,
    needs: Needs,
    first_on: Annotated[date | None, Query(alias="from", description="The first day counted.")] = None,
    last_on: Annotated[date | None, Query(alias="to", description="The last day counted; today if absent.")] = None,
) -> Period:
    # A day out of range is refused as it is: the day after it might not exist.
    end_on = last_on + A_DAY if last_on and EARLIEST <= last_on <= LATEST else last_on
    return period_of(first_on, end_on, needs.zone, caller.context.now)


PeriodQuery = Annotated[Period, Depends(period_of_query)]


@router.get("/stage-funnel")
async def read_stage_funnel(caller: Reader, needs: Needs, period: PeriodQuery) -> StageFunnel:
    """Count customers by stage, and those who entered each stage in the period (default: the last 30 days)."""
    async with snapshot(needs.pool) as held:
        counts = await funnel.count(held, period, caller.visible_to)
        complete = await complete_until(held)
    return StageFunnel(
        as_of=caller.context.now,
        complete_until=complete,
        zone=needs.zone.key,
        begins_at=period.begins_at,
        ends_at=period.ends_at,
        stages=[figures.stage_row(count, period) for count in counts],
    )


@router.get("/followup-timeliness")
async def read_followup_timeliness(
    caller: Reader, needs: Needs, period: PeriodQuery, owner_id: EmployeeId | None = None
) -> Timeliness:
    """跟进及时率: the share of follow-ups due in the period that were completed on time, by assignee."""
    now = caller.context.now
    async with snapshot(needs.pool) as held:
        tallies = await timeliness.count(held, period, owner_id, caller.visible_to, now)
        complete = await complete_until(held)
    return Timeliness(
        as_of=now,
        complete_until=complete,
        zone=needs.zone.key,
        formula=figures.TIMELINESS,
        begins_at=period.begins_at,
        ends_at=period.ends_at,
        total=figures.rate_of(tallies, period, owner_id),
        owners=figures.owner_rates(tallies, period),
    )


@router.get("/open-alerts")
async def read_open_alerts(caller: Reader, needs: Needs) -> OpenAlerts:
    """Count the open alerts by owner and by rule."""
    async with snapshot(needs.pool) as held:
        counts = await alerts.open_counts(held, caller.visible_to)
        complete = await complete_until(held)
    return OpenAlerts(
        as_of=caller.context.now,
        complete_until=complete,
        zone=needs.zone.key,
        open=sum(count.open for count in counts),
        details=link("/v1/alerts", **figures.OPEN),
        owners=figures.owner_alerts(counts),
        rules=figures.rule_alerts(counts),
    )
