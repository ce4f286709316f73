"""HTTP for contacts."""

from uuid import UUID

from fastapi import APIRouter, Response

from chassis.commands.problem import ProblemError
from chassis.http.access import Caller, Creator
from chassis.http.body import StrictRoute
from chassis.http.history import HistoryEntry
from chassis.http.listing import AfterVersion, Limit, Paging, with_items
from chassis.http.paging import Page
from chassis.http.responses import Accepted, answer, etag
from contracts.followup import ContactLogged, TaskScheduled
from contracts.types import EmployeeId
from services.followup import commands
from services.followup.api.access import (
    Anyone,
    by_caller,
    covered_by,
    fold,
    history,
    leaver_check,
    new_id,
    read_envelopes,
    require_doer,
    type_of,
)
from services.followup.api.pages import page_of
from services.followup.dependencies import Dependencies, Needs
from services.followup.domain.contact import next_task_id
from services.followup.domain.contact_form import field_problems
from services.followup.erasure.execution import require_kept
from services.followup.projection.contacts import project
from services.followup.queries.contacts import ContactFilters, ContactView
from services.followup.queries.paging import SortKey

router = APIRouter(prefix="/v1", tags=["contacts"], route_class=StrictRoute)


@router.post("/customers/{customer_id}/contacts", status_code=201, response_model=Accepted)
async def log_contact(customer_id: UUID, command: commands.LogContact, caller: Creator, needs: Needs) -> Response:
    """Log a contact with the customer, and schedule the agreed next step as a task."""
    customer = await needs.customers.require_kept(customer_id)
    require_doer(caller, customer.holders, customer.owner_id, await covered_by(caller, needs))
    await require_kept(needs.pool, command.key_contact_id)
    await needs.customers.require_key_contact(customer_id, command.key_contact_id)
    if command.task_id:
        await require_task(command.task_id, customer_id, needs)
    contact_id, checked = (
        new_id(caller, needs),
        by_caller(await with_form(command, caller, needs), "employee_id", caller),
    )
    next_task = checked.next_task()
    linked = [needs.tasks.linked(next_task_id(contact_id), next_task)] if next_task else []
    handled = await needs.contacts.handle(
        contact_id,
        checked,
        caller.context,
        subject=customer_id,
        linked=linked,
        is_new=True,
        authorize=await leaver_check("employee_id", next_task.assignee_id if next_task else None, needs),
    )
    return answer(handled, f"/v1/contacts/{contact_id}")


async def with_form(command: commands.LogContact, caller: Caller, needs: Dependencies) -> commands.LogContact:
    """Return the command with the form of its purpose; raise the 422 problem if its fields do not match the form."""
    now, purpose = caller.context.now, command.purpose
    form = await needs.contact_forms.find(now, purpose, recent=True) if purpose else None
    if found := list(field_problems(form, command.fields)):
        errors = [{"pointer": pointer, "rule": rule, "detail": en, "detail_zh": zh} for pointer, rule, en, zh in found]
        en, zh = (" ".join(sentences) for sentences in zip(*((en, zh) for _, _, en, zh in found), strict=True))
        raise ProblemError("validation-failed", en, zh, errors=errors)
    return command.with_form(form)


async def require_task(task_id: UUID, customer_id: UUID, needs: Dependencies) -> None:
    """Raise the 422 problem unless the task belongs to this customer."""
    first = await needs.store.first_of(task_id)
    if first is None or (first.topic, first.subject) != (type_of(TaskScheduled), customer_id):
        detail = "This customer has no such follow-up task."
        error = {"pointer": "/task_id", "rule": "task-unknown", "detail": detail}
        raise ProblemError("validation-failed", detail, "该客户没有此跟进任务。", errors=[error])


@router.get("/contacts/{contact_id}")
async def read_contact(contact_id: UUID, caller: Anyone, needs: Needs, response: Response) -> ContactView:
    """Read a contact with its text."""
    row = await fold(project, await read_envelopes(contact_id, ContactLogged, needs))
    caller.require(await needs.customers.holders(row.customer_id))
    response.headers["ETag"] = etag(row.version)
    (view,) = await needs.contact_queries.views([row])
    return view


@router.get("/contacts")
async def read_contacts(
    caller: Anyone,
    needs: Needs,
    paging: Paging,
    customer_id: UUID | None = None,
    employee_id: EmployeeId | None = None,
) -> Page[ContactView]:
    """List contacts, the latest first. Sales see those of their own customers."""
    filters = ContactFilters(caller.visible_to, customer_id, employee_id)
    queries = needs.contact_queries
    page = await page_of(paging, queries.page, filters, lambda row: SortKey(row.occurred_at, row.contact_id))
    return with_items(page, await queries.views(page.items))


@router.get("/contacts/{contact_id}/events")
async def read_contact_events(
    contact_id: UUID, caller: Anyone, needs: Needs, limit: Limit = None, after: AfterVersion = 0
) -> Page[HistoryEntry]:
    """Read every event of the contact, in the order of recording."""
    envelopes = await read_envelopes(contact_id, ContactLogged, needs)
    caller.require(await needs.customers.holders(envelopes[0].subject))
    return history(envelopes, limit, after)
