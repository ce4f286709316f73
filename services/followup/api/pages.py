"""One page of a followup list. Its cursor holds the time and the id of the last row."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from chassis.http.listing import Listing
from chassis.http.paging import Page
from services.followup.queries.paging import SortKey

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R")
F = TypeVar("F", bound="DataclassInstance")

Fetch = Callable[[F, SortKey | None, int], Awaitable[list[R]]]


async def page_of(paging: Listing, fetch: Fetch[F, R], filters: F, sort_key_of: Callable[[R], SortKey]) -> Page[R]:
    """Return one page of the rows of `fetch`. Its cursor is valid only for this list and these filters."""
    return await paging.page(
        {"list": type(filters).__name__, **asdict(filters)},
        lambda parts, size: fetch(filters, sort_key(parts) if parts else None, size),
        lambda row: key_parts(sort_key_of(row)),
    )


def sort_key(parts: list[str]) -> SortKey:
    return SortKey(datetime.fromisoformat(parts[0]), UUID(parts[1]))


def key_parts(last: SortKey) -> list[str]:
    return [last.at.isoformat(), str(last.id)]
