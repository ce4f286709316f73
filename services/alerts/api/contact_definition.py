"""HTTP for what counts as a contact by a person."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from chassis.http.access import OPS_OR_ADMIN, OpsOrAdmin
from chassis.http.body import StrictRoute
from chassis.versions.decider import version_of
from chassis.versions.lookup import Versions
from chassis.versions.routes import VersionRoutes
from contracts.alerts import ContactDefinitionPublished
from contracts.followup import Channel, Direction
from contracts.types import Code, EmployeeId
from services.alerts.api.access import READERS
from services.alerts.commands.contact_definition import PublishContactDefinition
from services.alerts.dependencies import Needs

router = APIRouter(prefix="/v1", tags=["contact definition"], route_class=StrictRoute)


class ContactDefinitionView(BaseModel):
    """One version of what counts as a contact by a person. Empty `channels` or `directions` mean all of them."""

    id: UUID
    number: int
    is_in_force: bool
    automated: bool
    outcomes: tuple[Code, ...]
    channels: tuple[Channel, ...]
    directions: tuple[Direction, ...]
    accounts: tuple[EmployeeId, ...]
    reason: str


async def versions(needs: Needs) -> Versions[ContactDefinitionPublished]:
    return needs.contacts


async def version_from_body(command: PublishContactDefinition, _caller: OpsOrAdmin) -> ContactDefinitionPublished:
    """Publish a complete new version. It concerns contacts recorded from then on; none of before is judged again."""
    return version_of(ContactDefinitionPublished, command)


VersionRoutes(
    "contact_definition",
    "/contact-definition",
    versions,
    version_from_body,
    ContactDefinitionView,
    OPS_OR_ADMIN,
    READERS,
).add_to(router)
