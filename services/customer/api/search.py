"""HTTP for the list of customers: search by name, pinyin or phone, and filters."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from chassis.commands.problem import ProblemError
from chassis.http.access import Caller
from chassis.http.body import StrictRoute
from chassis.http.listing import Paging
from chassis.http.paging import Page
from chassis.rules.comparison import letters
from contracts.customer import Stage
from contracts.types import Code, EmployeeId, Name, Word
from services.customer.api.access import PERSONAL_DATA_ROLES, Reader
from services.customer.dependencies import Dependencies, Needs
from services.customer.queries import CustomerView
from services.customer.search.query import CustomerFilters, is_too_short

router = APIRouter(prefix="/v1", tags=["customers"], route_class=StrictRoute)


async def filters_of(
    caller: Reader,
    needs: Needs,
    q: Annotated[
        Name | None,
        Query(description="Part of a name, its pinyin or initials, or the last four or more digits of a phone."),
    ] = None,
    stage: Stage | None = None,
    tier: Code | None = None,
    owner_id: EmployeeId | None = None,
    region: Word | None = None,
    name: Annotated[Name | None, Query(description="The beginning of a company's name.")] = None,
    external_system: Annotated[
        Code | None, Query(description="With `external_id`: the customer with this number in another system.")
    ] = None,
    external_id: Word | None = None,
    tag: Code | None = None,
    ownerless: Annotated[
        bool | None, Query(description="`true`: customers without an owner. `false`: customers with one.")
    ] = None,
    proposed_in: Annotated[
        Code | None, Query(description="A tier scheme: customers for whom it proposes another tier.")
    ] = None,
) -> CustomerFilters:
    """Return the filters of the query, restricted to what the caller may see."""
    if q is not None and is_too_short(letters(q)):
        raise too_short()
    return CustomerFilters(
        q,
        may_find_by_phone(caller),
        stage,
        tier,
        owner_id,
        region,
        name,
        caller.visible_to,
        number_of(external_system, external_id, needs),
        tag,
        ownerless,
        proposed_in,
    )


@router.get("/customers")
async def read_customers(
    filters: Annotated[CustomerFilters, Depends(filters_of)], _caller: Reader, needs: Needs, paging: Paging
) -> Page[CustomerView]:
    """List customers in a stable order. A seller sees their own customers only."""
    return await paging.page(
        {"list": "customers", **asdict(filters)},
        lambda cursor, size: needs.queries.page(filters, UUID(cursor[0]) if cursor else None, size),
        lambda customer: [str(customer.id)],
    )


def may_find_by_phone(caller: Caller) -> bool:
    """Whether the caller may see the phone numbers of every customer in their list."""
    return not caller.sees_all or bool(caller.principal.roles & PERSONAL_DATA_ROLES)


def too_short() -> ProblemError:
    detail = "Enter at least one Chinese character, or two letters or digits."
    error = {"pointer": "query:q", "rule": "too-short", "detail": detail}
    return ProblemError("validation-failed", detail, "请至少输入一个汉字，或两个字母或数字。", errors=[error])


def number_of(system: str | None, number: str | None, needs: Dependencies) -> UUID | None:
    """Return the id of an external number, None if there is none; raise the 422 problem for an incomplete one."""
    if system and number:
        return needs.pseudonyms.customer(system, number)
    if system or number:
        name = "external_id" if system else "external_system"
        detail = "`external_system` and `external_id` must be given together."
        error = {"pointer": f"query:{name}", "rule": "missing", "detail": detail}
        raise ProblemError("validation-failed", detail, "请同时提供 external_system 和 external_id。", errors=[error])
    return None
