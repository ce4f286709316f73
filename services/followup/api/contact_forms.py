"""HTTP for contact forms, one for each purpose."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel

from chassis.http.access import OPS_OR_ADMIN, Allow
from chassis.http.body import StrictRoute
from chassis.versions.decider import version_of
from chassis.versions.lookup import Versions
from chassis.versions.routes import VersionRoutes
from contracts.followup import ContactFormPublished, FormField
from contracts.types import Code
from services.followup import commands
from services.followup.dependencies import Needs

router = APIRouter(prefix="/v1", tags=["contact forms"], route_class=StrictRoute)

Purpose = Annotated[Code, Path()]


class ContactFormView(BaseModel):
    """The form in force for a purpose."""

    id: UUID
    purpose: str
    number: int
    fields: tuple[FormField, ...]


async def versions(needs: Needs) -> Versions[ContactFormPublished]:
    return needs.contact_forms


async def version_from_body(purpose: Purpose, form: commands.ContactForm) -> ContactFormPublished:
    """Publish a complete new version of a form. A contact keeps the version that it was logged under."""
    return version_of(ContactFormPublished, form, purpose=purpose)


VersionRoutes(
    "contact_form",
    "/contact-forms",
    versions,
    version_from_body,
    ContactFormView,
    OPS_OR_ADMIN,
    Allow(),
    parameter="purpose",
).add_to(router)
