"""What the routes are given: the read model, who reads it, and the part of a request that asks for a page."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from fastapi import Depends, Query, Request, Response

from chassis.access import EVERYWHERE, OWN, Allow, Caller
from chassis.auth import Role
from chassis.database import Connection, Pool
from chassis.paging import MAX_LIMIT, Cursors, Page, coerce_limit, link_next
from services.reporting.queries.snapshot import snapshot

T = TypeVar("T")

Reader = Annotated[Caller, Depends(Allow(anywhere=EVERYWHERE | {Role.FINANCE}, own=OWN))]
Limit = Annotated[int | None, Query(ge=1, description=f"Up to {MAX_LIMIT}; more is brought down.")]
Cursor = Annotated[str | None, Query(max_length=500)]


@dataclass(frozen=True, slots=True)
class Dependencies:
    pool: Pool
    cursors: Cursors
    zone: ZoneInfo


def of_request(request: Request) -> Dependencies:
    found: Dependencies = request.app.state.dependencies
    return found


Needs = Annotated[Dependencies, Depends(of_request)]


def visible_to(caller: Caller) -> str | None:
    """Return whose customers alone the caller sees; None for those who see all."""
    return None if caller.sees_all else caller.principal.subject


@dataclass(frozen=True, slots=True)
class Listing:
    """What a request says about the page it wants."""

    request: Request
    response: Response
    needs: Needs
    limit: Limit = None
    cursor: Cursor = None

    async def page(
        self,
        bound: Mapping[str, Any],
        fetch: Callable[[Connection, list[str] | None, int], Awaitable[list[T]]],
        place_of: Callable[[T], list[str]],
    ) -> Page[T]:
        """Answer with one page. Its cursor is good only where everything in `bound` is the same again."""
        size = coerce_limit(self.limit)
        place = self.needs.cursors.read(self.cursor, bound)
        async with snapshot(self.needs.pool) as held:
            rows = await fetch(held, place, size)
        last = place_of(rows[size - 1]) if len(rows) > size else []
        items, following = self.needs.cursors.page(rows, size, last, bound)
        link_next(self.request, self.response, following)
        return Page(items=items, next_cursor=following, has_more=following is not None)


Paging = Annotated[Listing, Depends()]
