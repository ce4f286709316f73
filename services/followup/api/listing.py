"""Lists in pages: which part is asked for, and where the next one begins."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from chassis.access import Caller
from chassis.paging import coerce_limit, link_next
from services.followup.api.edge import Limit
from services.followup.dependencies import Dependencies
from services.followup.queries import Filters, Place

R = TypeVar("R")

Fetch = Callable[[Filters, Place | None, int], Awaitable[list[R]]]


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a list that a request asks for."""

    request: Request
    response: Response
    limit: Limit = None
    cursor: Annotated[str | None, Query(max_length=500)] = None

    async def of(
        self, fetch: Fetch[R], filters: Filters, place_of: Callable[[R], Place], needs: Dependencies
    ) -> tuple[list[R], str | None]:
        """Return the rows of this part and the cursor of the next one; a cursor fits one list and its filters only."""
        size, bound = coerce_limit(self.limit), {"list": fetch.__name__, **asdict(filters)}
        rows = await fetch(filters, place(needs.cursors.read(self.cursor, bound)), size)
        last = place_of(rows[size - 1]) if len(rows) > size else None
        kept, following = needs.cursors.page(rows, size, mark(last), bound)
        link_next(self.request, self.response, following)
        return kept, following


Asked = Annotated[Part, Depends()]


def visible_to(caller: Caller) -> str | None:
    """Return whose own things a list is restricted to."""
    return None if caller.sees_all else caller.principal.subject


def place(marked: Sequence[str] | None) -> Place | None:
    return Place(datetime.fromisoformat(marked[0]), UUID(marked[1])) if marked else None


def mark(last: Place | None) -> list[str]:
    return [last.at.isoformat(), str(last.id)] if last else []
