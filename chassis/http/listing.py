"""Paging of list routes: `limit`, `cursor` and the `Link` header, the same for every list."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query, Request, Response

from chassis.http.paging import MAX_LIMIT, Cursors, Page, coerce_limit

# The bounds of the columns `position` and `version` of events: a bigint and an integer.
MAX_POSITION = 2**63 - 1
MAX_VERSION = 2**31 - 1

T = TypeVar("T")
V = TypeVar("V")

Limit = Annotated[int | None, Query(ge=1, description=f"Up to {MAX_LIMIT}; a higher value is reduced to it.")]
Cursor = Annotated[str | None, Query(max_length=500)]
AfterPosition = Annotated[int, Query(ge=0, le=MAX_POSITION, description="Position after which to continue.")]
AfterVersion = Annotated[int, Query(ge=0, le=MAX_VERSION, description="Version after which to continue.")]


@dataclass(frozen=True, slots=True)
class Listing:
    """The paging parameters of a list request."""

    request: Request
    response: Response
    limit: Limit = None
    cursor: Cursor = None

    async def page(
        self,
        bound: Mapping[str, Any],
        fetch: Callable[[list[str] | None, int], Awaitable[Sequence[T]]],
        sort_key_of: Callable[[T], list[str]],
        size: int | None = None,
    ) -> Page[T]:
        """Return one page. `fetch` receives a sort key and a size, and returns up to size + 1 rows after that key.

        `size` overrides the limit of the request.
        A cursor is valid only for the same values of `bound`.
        """
        cursors: Cursors = self.request.app.state.cursors
        size = size or coerce_limit(self.limit)
        rows = await fetch(cursors.read(self.cursor, bound), size)
        kept, more = list(rows[:size]), len(rows) > size
        following = cursors.write(sort_key_of(kept[-1]), bound) if more else None
        if following:
            # Without a host: the Host header is set by the caller or by a proxy.
            url = self.request.url.include_query_params(cursor=following)
            self.response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
        return Page(items=kept, next_cursor=following, has_more=more)


def with_items(page: Page[Any], items: list[V]) -> Page[V]:
    """Return the page with other items, for example the views of its rows."""
    return Page(items=items, next_cursor=page.next_cursor, has_more=page.has_more)


Paging = Annotated[Listing, Depends()]
