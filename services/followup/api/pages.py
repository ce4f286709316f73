"""One page of a followup list. Its cursor holds the time and the id of the last row."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from chassis.http.listing import Listing
from chassis.http.paging import Page
from services.followup.queries.paging import Place

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R")
F = TypeVar("F", bound="DataclassInstance")

Fetch = Callable[[F, Place | None, int], Awaitable[list[R]]]


async def page_of(paging: Listing, fetch: Fetch[F, R], filters: F, place_of: Callable[[R], Place]) -> Page[R]:
    """Return one page of what `fetch` finds. Its cursor is valid for this list and these filters only."""
    return await paging.page(
        {"list": type(filters).__name__, **asdict(filters)},
        lambda mark, size: fetch(filters, place(mark) if mark else None, size),
        lambda row: mark_of(place_of(row)),
    )


def place(mark: list[str]) -> Place:
    return Place(datetime.fromisoformat(mark[0]), UUID(mark[1]))


def mark_of(last: Place) -> list[str]:
    return [last.at.isoformat(), str(last.id)]
