"""HTTP for customers: register, change, read."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

import uuid_utils.compat as uuid_utils
from fastapi import APIRouter, Body, Response

from chassis.commands.command import Command
from chassis.commands.decision import LinkedCommand
from chassis.commands.problem import ProblemError, not_found
from chassis.commands.result import Handled
from chassis.http.access import Caller, Creator
from chassis.http.as_of import AsOf, AsOfQuery
from chassis.http.body import StrictRoute
from chassis.http.history import HistoryEntry, entry_of
from chassis.http.listing import AfterPosition, Limit
from chassis.http.paging import Page, coerce_limit
from chassis.http.responses import Accepted, answer, etag
from chassis.http.streams import fold
from contracts.customer import KeyContactDetails
from contracts.event import Envelope
from services.customer import commands
from services.customer.api.access import Anyone, Leader, Reader, authorization, may_see_personal_data, require_current
from services.customer.dependencies import Dependencies, Needs
from services.customer.domain.customer_row import CustomerRow, project_next
from services.customer.queries import CustomerDetail, NumberView

router = APIRouter(prefix="/v1", tags=["customers"], route_class=StrictRoute)

ALREADY_REGISTERED: dict[int | str, dict[str, Any]] = {
    200: {"model": Accepted, "description": "Already registered; the stated fields were updated"}
}


Review = Annotated[commands.ReviewProfile, Body(default_factory=commands.ReviewProfile)]


@router.post("/customers", status_code=201, response_model=Accepted, responses=ALREADY_REGISTERED)
async def register_customer(command: commands.Register, caller: Creator, needs: Needs) -> Response:
    """Register a customer. If a seller names no owner, the seller is the owner.

    If the external number is already known, the request updates its customer.
    """
    if command.owner_id is None and not caller.sees_all:
        command = command.model_copy(update={"owner_id": caller.principal.subject})
    require_owner_of_leader(command)
    if command.external:
        customer_id = needs.pseudonyms.customer(command.external.system, command.external.id)
    else:
        customer_id = (
            needs.pseudonyms.derived("request", caller.context.key) if caller.context.retryable else uuid_utils.uuid7()
        )
    customer_id, handled = await needs.registration.register(
        customer_id, command, caller.context, authorization(caller)
    )
    return answer(handled, f"/v1/customers/{customer_id}")


def require_owner_of_leader(command: commands.Register) -> None:
    """Raise the 422 problem for a `leader_id` without an `owner_id`: it would be ignored."""
    if command.leader_id and not command.owner_id:
        detail = "`leader_id` requires `owner_id`."
        error = {"pointer": "/leader_id", "rule": "owner-missing", "detail": detail}
        raise ProblemError("validation-failed", detail, "填写 leader_id 时须同时填写 owner_id。", errors=[error])


@router.post("/customers/{customer_id}/stage", response_model=Accepted)
async def change_stage(customer_id: UUID, command: commands.ChangeStage, caller: Anyone, needs: Needs) -> Response:
    """Move the customer to another stage. Only legal transitions are accepted."""
    return await handle(customer_id, command, caller, needs)


@router.post("/customers/{customer_id}/owner", response_model=Accepted)
async def assign_owner(customer_id: UUID, command: commands.AssignOwner, caller: Leader, needs: Needs) -> Response:
    """Assign an owner. The default for `leader_id` is the owner's leader."""
    await needs.employees.require_present("owner_id", command.owner_id)
    await needs.employees.require_present("leader_id", command.leader_id)
    leader_id = None if command.leader_id else await needs.employees.leader_of(command.owner_id)
    listed = commands.AssignOwnerInList(**dict(command), owners_leader_id=leader_id)
    return await handle(customer_id, listed, caller, needs)


@router.post("/customers/{customer_id}/name", response_model=Accepted)
async def rename_customer(customer_id: UUID, command: commands.Rename, caller: Anyone, needs: Needs) -> Response:
    """Change or correct the name: `name` of a company, `person_name` of a person."""
    return await handle(customer_id, command, caller, needs)


@router.post("/customers/{customer_id}/profile", response_model=Accepted)
async def change_profile(customer_id: UUID, command: commands.ChangeProfile, caller: Anyone, needs: Needs) -> Response:
    """Update profile fields. Absent fields stay as they are; the fields named in `clear` are deleted."""
    return await handle(customer_id, command, caller, needs)


@router.post("/customers/{customer_id}/profile/review", response_model=Accepted)
async def review_profile(customer_id: UUID, command: Review, caller: Anyone, needs: Needs) -> Response:
    """Record that the profile was checked and is correct. The body is optional."""
    return await handle(customer_id, command, caller, needs)


async def handle(customer_id: UUID, command: Command, caller: Caller, needs: Dependencies) -> Response:
    return answer(await handled_for(customer_id, command, caller, needs), f"/v1/customers/{customer_id}")


async def handled_for(
    customer_id: UUID, command: Command, caller: Caller, needs: Dependencies, linked: Sequence[LinkedCommand] = ()
) -> Handled:
    """Run a command and return its result; raise the 403 problem unless the caller may act for the customer."""
    return await needs.customers.handle(
        customer_id,
        command,
        caller.context,
        expected_version=caller.expected_version,
        linked=linked,
        authorize=authorization(caller),
    )


@router.get("/customers/{customer_id}")
async def read_customer(
    customer_id: UUID, caller: Reader, needs: Needs, response: Response, as_of: AsOfQuery
) -> CustomerDetail:
    """Read a customer, including every acknowledged command; or its state at a past instant."""
    loaded = await needs.customers.load(customer_id)
    require_current(loaded.state)
    caller.require(loaded.state.holders)
    show_personal_data = may_see_personal_data(caller, loaded.state.holders)
    if as_of.is_past:
        return await read_past(customer_id, as_of, needs, show_personal_data=show_personal_data)

    async def fold_all() -> CustomerRow:
        return await fold(project_next, await envelopes_of(customer_id, needs))

    view = await needs.queries.current(customer_id, loaded.version, loaded.state, fold_all)
    response.headers["ETag"] = etag(loaded.version)
    numbers = [NumberView(system=system, id=number) for system, number in loaded.state.references]
    return await needs.queries.detailed(
        view,
        numbers,
        loaded.state.key_contacts.values(),
        duplicate_ids=loaded.state.duplicate_ids,
        show_personal_data=show_personal_data,
    )


async def read_past(customer_id: UUID, as_of: AsOf, needs: Dependencies, *, show_personal_data: bool) -> CustomerDetail:
    """Fold the events up to the instant, from the earliest fact known of the customer on.

    The present owner, leader and helpers decide who may read them.
    """
    envelopes = await envelopes_of(customer_id, needs)
    if as_of.recorded_by is None:
        since = await needs.queries.known_since(await fold(project_next, envelopes))
        envelopes[0] = replace(envelopes[0], occurred_at=since)
    if not (included := as_of.in_order([each for each in envelopes if as_of.includes(each)])):
        raise not_found()
    row = await fold(project_next, included)
    contacts = map(KeyContactDetails.model_validate, row.key_contacts.values())
    numbers = [NumberView.model_validate(number) for number in row.numbers]
    return await needs.queries.detailed(
        await needs.queries.past(row), numbers, contacts, show_personal_data=show_personal_data
    )


async def envelopes_of(customer_id: UUID, needs: Dependencies) -> list[Envelope[Any]]:
    return [needs.mapper.to_envelope(row) async for row in needs.store.read_stream(customer_id)]


@router.get("/customers/{customer_id}/events")
async def read_customer_events(
    customer_id: UUID,
    caller: Reader,
    needs: Needs,
    as_of: AsOfQuery,
    limit: Limit = None,
    after: AfterPosition = 0,
) -> Page[HistoryEntry]:
    """List the customer's own events in the order in which they were recorded."""
    loaded = await needs.customers.load(customer_id)
    require_current(loaded.state)
    caller.require(loaded.state.holders)
    size = coerce_limit(limit)
    found = await events_of(customer_id, as_of, after, size + 1, needs)
    entries = [entry_of(envelope) for envelope in found[:size]]
    more = len(found) > size
    return Page(items=entries, next_cursor=str(entries[-1].position) if more else None, has_more=more)


async def events_of(customer_id: UUID, as_of: AsOf, after: int, count: int, needs: Dependencies) -> list[Envelope[Any]]:
    """Return the first `count` events after a position that `as_of` includes."""
    found: list[Envelope[Any]] = []
    while len(found) < count:
        rows = await needs.store.read_subject(customer_id, after=after, limit=count)
        found += filter(as_of.includes, map(needs.mapper.to_envelope, rows))
        if len(rows) < count:
            break
        after = rows[-1].id
    return found[:count]
