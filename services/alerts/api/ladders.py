"""HTTP for the ladders of alerts: who is reminded, and after how much work time, by severity."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel

from chassis.http.access import OPS_OR_ADMIN, OpsOrAdmin
from chassis.http.body import StrictRoute
from chassis.versions.decider import version_of
from chassis.versions.lookup import Versions
from chassis.versions.routes import VersionRoutes
from contracts.alerts import AlertSeverity, LadderPublished, Rung
from services.alerts.api.access import READERS, Reader
from services.alerts.api.calendars import require_calendar
from services.alerts.commands.ladder import PublishLadder
from services.alerts.dependencies import Needs

router = APIRouter(prefix="/v1", tags=["ladders"], route_class=StrictRoute)

Severity = Annotated[AlertSeverity, Path()]


class LadderView(BaseModel):
    """One version of the ladder of a severity. Minutes are work time of `calendar` since the alert was raised."""

    id: UUID
    severity: AlertSeverity
    number: int
    is_in_force: bool
    calendar: str
    rungs: tuple[Rung, ...]
    reason: str


class LaddersView(BaseModel):
    """The ladders in force, that of the highest severity first."""

    items: list[LadderView]


@router.get("/ladders")
async def read_ladders(caller: Reader, needs: Needs) -> LaddersView:
    """List the ladders in force in one page."""
    found = [await needs.ladders.in_force(caller.context.now, severity) for severity in AlertSeverity]
    return LaddersView(
        items=[LadderView(**dict(each), id=needs.ladders.stream_of(each.severity), is_in_force=True) for each in found]
    )


async def versions(needs: Needs) -> Versions[LadderPublished]:
    return needs.ladders


async def version_from_body(
    severity: Severity, command: PublishLadder, caller: OpsOrAdmin, needs: Needs
) -> LadderPublished:
    """Publish a complete new version. It concerns the alerts that are raised after it; open alerts keep theirs."""
    await require_calendar(command.calendar, command.effective_from or caller.context.now, needs)
    return version_of(LadderPublished, command, severity=severity)


VersionRoutes(
    "ladder", "/ladders", versions, version_from_body, LadderView, OPS_OR_ADMIN, READERS, parameter="severity"
).add_to(router)
