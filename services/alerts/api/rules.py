"""HTTP to read the rules that raise alerts."""

from fastapi import APIRouter

from chassis.http.body import StrictRoute
from services.alerts.api.access import Reader
from services.alerts.dependencies import Needs
from services.alerts.engine.rule import RuleBook

router = APIRouter(prefix="/v1", tags=["alerts"], route_class=StrictRoute)


@router.get("/rules")
async def read_rules(_caller: Reader, needs: Needs) -> RuleBook:
    """Read the rules in force, with their versions and thresholds."""
    return (await needs.rules.current(needs.pool)).book
