"""What the routes of orders, quotes and contracts do alike."""

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Query, Response

from chassis.commands.command import Command
from chassis.http.access import Caller
from chassis.http.history import HistoryEntry
from chassis.http.listing import Listing, with_items
from chassis.http.paging import Page
from chassis.http.responses import Accepted, answer, etag
from chassis.http.streams import fold, history, read_envelopes
from contracts.event import Envelope
from services.customer.api.access import require_standing
from services.customer.commerce.recording import Kind
from services.customer.dependencies import Dependencies
from services.customer.projection.commerce import ContractRow, OrderRow, QuoteRow
from services.customer.queries.commerce import page

R = TypeVar("R", bound=OrderRow | QuoteRow | ContractRow)
Project = Callable[[R | None, Envelope[Any]], R]

RECORDED_BEFORE: dict[int | str, dict[str, Any]] = {
    200: {"model": Accepted, "description": "Recorded before; nothing new"}
}
After = Annotated[int, Query(ge=0, description="Version after which to read on.")]


async def begin(kind: Kind[Any], customer_id: UUID, command: Command, caller: Caller, needs: Dependencies) -> Response:
    thing_id, handled = await needs.commerce.begin(kind, customer_id, command, caller.context, caller.require)
    return answer(handled, f"{kind.path}/{thing_id}")


async def change(kind: Kind[Any], thing_id: UUID, command: Command, caller: Caller, needs: Dependencies) -> Response:
    handled = await needs.commerce.change(
        kind, thing_id, command, caller.context, expected_version=caller.expected_version, authorize=caller.require
    )
    return answer(handled, f"{kind.path}/{thing_id}")


async def read_one(
    kind: Kind[Any],
    thing_id: UUID,
    project: Project[R],
    caller: Caller,
    needs: Dependencies,
    response: Response,
) -> R:
    """Return the row as it stands after every acknowledged command."""
    row = fold(project, await read_envelopes(thing_id, kind.beginnings, needs.store, needs.mapper))
    await require(row.customer_id, caller, needs)
    response.headers["ETag"] = etag(row.version)
    return row


async def read_history(
    kind: Kind[Any], thing_id: UUID, caller: Caller, needs: Dependencies, limit: int | None, after: int
) -> Page[HistoryEntry]:
    envelopes = await read_envelopes(thing_id, kind.beginnings, needs.store, needs.mapper)
    await require(envelopes[0].subject, caller, needs)
    return history(envelopes, limit, after)


async def read_page(
    row_class: type[R], at: str, key: str, customer_id: UUID, caller: Caller, needs: Dependencies, paging: Listing
) -> Page[R]:
    """Return a page of a customer's rows, the latest first."""
    customer = (await needs.customers.load(customer_id)).state
    require_standing(customer)
    caller.require(customer.holders)
    customer_ids = [customer_id, *customer.duplicate_ids]
    marks = attrgetter(at, key)

    async def fetch(marked: list[str] | None, size: int) -> list[R]:
        after = (datetime.fromisoformat(marked[0]), UUID(marked[1])) if marked else None
        return await page(needs.pool, row_class, customer_ids, after, size)

    def mark(row: R) -> list[str]:
        last_at, last_id = marks(row)
        return [last_at.isoformat(), str(last_id)]

    return await paging.page({"list": row_class.__name__, "customer": str(customer_id)}, fetch, mark)


async def require(customer_id: UUID, caller: Caller, needs: Dependencies) -> None:
    """Raise the 403 problem for who does not hold the customer, or the one that it was merged into."""
    caller.require(await needs.commerce.holders(customer_id))


def shown(page_of_rows: Page[R], view: Callable[[R], Any]) -> Page[Any]:
    return with_items(page_of_rows, [view(row) for row in page_of_rows.items])
