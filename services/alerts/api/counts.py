"""HTTP to count the open alerts."""

from fastapi import APIRouter

from chassis.http.body import StrictRoute
from services.alerts.api.access import Reader, acting_for
from services.alerts.dependencies import Needs
from services.alerts.queries.counts import AlertCounts, count_open

router = APIRouter(prefix="/v1", tags=["alerts"], route_class=StrictRoute)


@router.get("/alerts/counts")
async def read_alert_counts(caller: Reader, needs: Needs) -> AlertCounts:
    """Count the open alerts by rule, by the employee who has to act, and by severity."""
    return await count_open(needs.pool, await acting_for(caller, needs.directory))
