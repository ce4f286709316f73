"""Answers a list request with one page: the part of it that every list does alike."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query, Request, Response

from chassis.http.paging import MAX_LIMIT, Cursors, Page, coerce_limit

T = TypeVar("T")
V = TypeVar("V")

Limit = Annotated[int | None, Query(ge=1, description=f"Up to {MAX_LIMIT}; more is brought down.")]
Cursor = Annotated[str | None, Query(max_length=500)]


@dataclass(frozen=True, slots=True)
class Listing:
    """What a request says about the page it wants."""

    request: Request
    response: Response
    limit: Limit = None
    cursor: Cursor = None

    async def page(
        self,
        bound: Mapping[str, Any],
        fetch: Callable[[list[str] | None, int], Awaitable[Sequence[T]]],
        place_of: Callable[[T], list[str]],
        size: int | None = None,
    ) -> Page[T]:
        """Return one page. `fetch` gets where to go on and a size, and returns one row more where there is one.

        The request says how many rows it wants, unless `size` does.
        The cursor is good only where everything in `bound` is the same again.
        """
        cursors: Cursors = self.request.app.state.cursors
        size = size or coerce_limit(self.limit)
        rows = await fetch(cursors.read(self.cursor, bound), size)
        kept, more = list(rows[:size]), len(rows) > size
        following = cursors.write(place_of(kept[-1]), bound) if more else None
        if following:
            # Without a host: the one that was asked for is the caller's own word, or that of a proxy in between.
            url = self.request.url.include_query_params(cursor=following)
            self.response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
        return Page(items=kept, next_cursor=following, has_more=more)


def shown_as(page: Page[Any], items: list[V]) -> Page[V]:
    """Return the same page with its rows as callers see them."""
    return Page(items=items, next_cursor=page.next_cursor, has_more=page.has_more)


Paging = Annotated[Listing, Depends()]
