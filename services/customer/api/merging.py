"""HTTP for duplicates: merge, unmerge, mark as distinct, list."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Response

from chassis.commands.decision import LinkedCommand
from chassis.http.access import Caller
from chassis.http.body import StrictRoute
from chassis.http.listing import Paging
from chassis.http.paging import Page
from chassis.http.responses import Accepted, answer
from services.customer import commands
from services.customer.api.access import Leader, Reader, require_current
from services.customer.api.customers import handle, handled_for
from services.customer.api.handovers import stream_of as handover_stream_of
from services.customer.dependencies import Dependencies, Needs
from services.customer.domain.merging import with_itself
from services.customer.queries import duplicates
from services.customer.queries.duplicates import DuplicateView

router = APIRouter(prefix="/v1", tags=["duplicates"], route_class=StrictRoute)

MERGED = "merged"


@router.post("/customers/{customer_id}/duplicates", response_model=Accepted)
async def merge_duplicate(
    customer_id: UUID, command: commands.AbsorbDuplicate, caller: Leader, needs: Needs
) -> Response:
    """Merge a duplicate into this customer. Its events stay, and count for this customer. Its open handover ends."""
    await require_other(customer_id, "duplicate_id", command.duplicate_id, caller, needs)
    merge_into = commands.MergeInto(customer_id=customer_id)
    handover = needs.handovers.linked(
        handover_stream_of(command.duplicate_id, needs),
        commands.EndHandover(reason=MERGED),
        subject=command.duplicate_id,
    )
    return await both(customer_id, command, command.duplicate_id, merge_into, caller, needs, [handover])


@router.delete("/customers/{customer_id}/duplicates/{duplicate_id}", response_model=Accepted)
async def unmerge_duplicate(customer_id: UUID, duplicate_id: UUID, caller: Leader, needs: Needs) -> Response:
    """Undo a merge. The duplicate is a customer of its own again, with all events under its id."""
    release = commands.ReleaseDuplicate(duplicate_id=duplicate_id)
    return await both(customer_id, release, duplicate_id, commands.UnmergeFrom(customer_id=customer_id), caller, needs)


@router.post("/customers/{customer_id}/distinctions", response_model=Accepted)
async def mark_distinct(customer_id: UUID, command: commands.MarkDistinct, caller: Leader, needs: Needs) -> Response:
    """Mark another customer as distinct from this one: the two are no longer listed as likely duplicates."""
    await require_other(customer_id, "other_id", command.other_id, caller, needs)
    return await handle(customer_id, command, caller, needs)


@router.get("/duplicates")
async def read_duplicates(caller: Reader, needs: Needs, paging: Paging) -> Page[DuplicateView]:
    """List likely duplicates, highest score first. A seller sees pairs of their own customers only."""
    return await paging.page(
        {"list": "duplicates", "visible_to": caller.visible_to},
        lambda cursor, size: duplicates.page(needs.pool, caller.visible_to, cursor, size),
        duplicates.cursor_of,
    )


async def require_other(customer_id: UUID, field: str, other_id: UUID, caller: Caller, needs: Dependencies) -> None:
    """Raise a problem unless `other_id` is another customer of the caller, or one merged into this customer.

    `field` is its name in the body.
    """
    if customer_id == other_id:
        raise with_itself(field)
    other = (await needs.customers.load(other_id)).state
    if other.merged_into != customer_id:
        require_current(other)
    caller.require(other.holders)


async def both(
    customer_id: UUID,
    command: commands.AbsorbDuplicate | commands.ReleaseDuplicate,
    duplicate_id: UUID,
    duplicate_command: commands.MergeInto | commands.UnmergeFrom,
    caller: Caller,
    needs: Dependencies,
    linked: Sequence[LinkedCommand] = (),
) -> Response:
    """Append the events of both customers together: if either has changed meanwhile, neither is stored."""
    other = needs.customers.linked(duplicate_id, duplicate_command, subject=duplicate_id)
    handled = await handled_for(customer_id, command, caller, needs, [other, *linked])
    return answer(handled, f"/v1/customers/{customer_id}")
