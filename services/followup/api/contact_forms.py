"""HTTP for the forms of contacts: published whole, one for each purpose."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel

from chassis.commands.problem import not_found
from chassis.http.access import Allow, Caller
from chassis.http.auth import Role
from chassis.http.body import StrictRoute
from chassis.http.responses import PUBLISHED, Accepted, answer, etag
from contracts.followup import FormField
from contracts.types import Code
from services.followup import commands
from services.followup.api.access import Anyone
from services.followup.dependencies import Dependencies, Needs

router = APIRouter(prefix="/v1", tags=["contact forms"], route_class=StrictRoute)

Keeper = Annotated[Caller, Depends(Allow((Role.OPS, Role.ADMIN), ()))]
Purpose = Annotated[Code, Path()]


class ContactFormView(BaseModel):
    """The form in force for a purpose."""

    id: UUID
    purpose: str
    number: int
    fields: tuple[FormField, ...]


def form_id(purpose: str, needs: Dependencies) -> UUID:
    return needs.pseudonyms.derived("contact-form", purpose)


@router.put("/contact-forms/{purpose}", response_model=Accepted, responses=PUBLISHED)
async def publish_contact_form(purpose: Purpose, form: commands.ContactForm, caller: Keeper, needs: Needs) -> Response:
    """Publish a whole new version of a form. A contact keeps the version that it was logged under."""
    command = commands.PublishContactForm(purpose=purpose, fields=form.fields)
    handled = await needs.contact_forms.handle(
        form_id(purpose, needs), command, caller.context, expected_version=caller.expected_version
    )
    return answer(handled, f"/v1/contact-forms/{purpose}")


@router.get("/contact-forms/{purpose}")
async def read_contact_form(purpose: Purpose, caller: Anyone, needs: Needs, response: Response) -> ContactFormView:
    """Read the form in force for a purpose."""
    del caller
    loaded = await needs.contact_forms.load(form_id(purpose, needs))
    if loaded.state is None:
        raise not_found()
    response.headers["ETag"] = etag(loaded.version)
    return ContactFormView(id=form_id(purpose, needs), **loaded.state.model_dump(exclude={"type"}))
