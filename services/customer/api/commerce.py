"""The code that the routes of orders, quotes and contracts share."""

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar
from uuid import UUID

from fastapi import Response

from chassis.commands.command import Command
from chassis.http.access import Caller
from chassis.http.history import HistoryEntry
from chassis.http.listing import Listing, with_items
from chassis.http.paging import Page
from chassis.http.responses import Accepted, answer, etag
from chassis.http.streams import fold, history, read_envelopes
from contracts.event import Envelope
from services.customer.api.access import require_current
from services.customer.commerce.recording import Kind
from services.customer.dependencies import Dependencies
from services.customer.projection.commerce import ContractRow, OrderRow, QuoteRow
from services.customer.queries.commerce import page

R = TypeVar("R", bound=OrderRow | QuoteRow | ContractRow)
Project = Callable[[R | None, Envelope[Any]], R]

ALREADY_RECORDED: dict[int | str, dict[str, Any]] = {
    200: {"model": Accepted, "description": "Already recorded; no new event"}
}


async def begin(kind: Kind[Any], customer_id: UUID, command: Command, caller: Caller, needs: Dependencies) -> Response:
    record_id, handled = await needs.commerce.begin(kind, customer_id, command, caller.context, caller.require)
    return answer(handled, f"{kind.path}/{record_id}")


async def change(kind: Kind[Any], record_id: UUID, command: Command, caller: Caller, needs: Dependencies) -> Response:
    handled = await needs.commerce.change(
        kind, record_id, command, caller.context, expected_version=caller.expected_version, authorize=caller.require
    )
    return answer(handled, f"{kind.path}/{record_id}")


async def read_one(
    kind: Kind[Any],
    record_id: UUID,
    project: Project[R],
    caller: Caller,
    needs: Dependencies,
    response: Response,
) -> R:
    """Return the row. The result includes every acknowledged command."""
    row = await fold(project, await read_envelopes(record_id, kind.beginnings, needs.store, needs.mapper))
    await require(row.customer_id, caller, needs)
    response.headers["ETag"] = etag(row.version)
    return row


async def read_history(
    kind: Kind[Any], record_id: UUID, caller: Caller, needs: Dependencies, limit: int | None, after: int
) -> Page[HistoryEntry]:
    envelopes = await read_envelopes(record_id, kind.beginnings, needs.store, needs.mapper)
    await require(envelopes[0].subject, caller, needs)
    return history(envelopes, limit, after)


async def read_page(
    row_class: type[R], at: str, key: str, customer_id: UUID, caller: Caller, needs: Dependencies, paging: Listing
) -> Page[R]:
    """Return a page of a customer's rows, newest first."""
    customer = (await needs.customers.load(customer_id)).state
    require_current(customer)
    caller.require(customer.holders)
    customer_ids = [customer_id, *customer.duplicate_ids]
    cursor_fields = attrgetter(at, key)

    async def fetch(cursor: list[str] | None, size: int) -> list[R]:
        after = (datetime.fromisoformat(cursor[0]), UUID(cursor[1])) if cursor else None
        return await page(needs.pool, row_class, customer_ids, after, size)

    def cursor_of(row: R) -> list[str]:
        last_at, last_id = cursor_fields(row)
        return [last_at.isoformat(), str(last_id)]

    return await paging.page({"list": row_class.__name__, "customer": str(customer_id)}, fetch, cursor_of)


async def require(customer_id: UUID, caller: Caller, needs: Dependencies) -> None:
    """Raise the 403 problem unless the caller holds the customer or the one that it was merged into."""
    caller.require(await needs.commerce.holders(customer_id))


def shown(page_of_rows: Page[R], view: Callable[[R], Any]) -> Page[Any]:
    return with_items(page_of_rows, [view(row) for row in page_of_rows.items])
