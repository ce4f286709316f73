"""Where a followup list goes on: behind the row of a time and an id."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from chassis.http.listing import Listing
from chassis.http.paging import Page
from services.followup.queries.followups import Place

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R")
F = TypeVar("F", bound="DataclassInstance")

Fetch = Callable[[F, Place | None, int], Awaitable[list[R]]]


async def page_of(paging: Listing, fetch: Fetch[F, R], filters: F, place_of: Callable[[R], Place]) -> Page[R]:
    """Return one page of what `fetch` finds; its cursor fits this list and these filters only."""
    return await paging.page(
        {"list": fetch.__name__, **asdict(filters)},
        lambda marked, size: fetch(filters, place(marked) if marked else None, size),
        lambda row: mark(place_of(row)),
    )


def place(marked: list[str]) -> Place:
    return Place(datetime.fromisoformat(marked[0]), UUID(marked[1]))


def mark(last: Place) -> list[str]:
    return [last.at.isoformat(), str(last.id)]
