"""HTTP for the quiet hours: when alerts are raised, and delivered later."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from chassis.http.access import OPS_OR_ADMIN, OpsOrAdmin
from chassis.http.body import StrictRoute
from chassis.versions.decider import version_of
from chassis.versions.lookup import Versions
from chassis.versions.routes import VersionRoutes
from contracts.alerts import AlertSeverity, QuietHoursPublished, QuietWindow
from services.alerts.api.access import READERS
from services.alerts.api.calendars import require_calendar
from services.alerts.commands.quiet_hours import PublishQuietHours
from services.alerts.dependencies import Needs

router = APIRouter(prefix="/v1", tags=["quiet hours"], route_class=StrictRoute)


class QuietHoursView(BaseModel):
    """One version of the quiet hours. Minutes count from midnight in the business zone."""

    id: UUID
    number: int
    is_in_force: bool
    calendar: str
    windows: tuple[QuietWindow, ...]
    ignored_by: tuple[AlertSeverity, ...]
    reason: str


async def versions(needs: Needs) -> Versions[QuietHoursPublished]:
    return needs.quiet_hours


async def version_from_body(command: PublishQuietHours, caller: OpsOrAdmin, needs: Needs) -> QuietHoursPublished:
    """Publish a complete new version. It concerns notices from then on; an event keeps its `deliver_after`."""
    await require_calendar(command.calendar, command.effective_from or caller.context.now, needs)
    return version_of(QuietHoursPublished, command)


VersionRoutes("quiet_hours", "/quiet-hours", versions, version_from_body, QuietHoursView, OPS_OR_ADMIN, READERS).add_to(
    router
)
