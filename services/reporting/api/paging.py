"""Pages of lists that are read from one snapshot of the read model."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import Depends

from chassis.http.listing import Paging
from chassis.http.paging import Page
from chassis.postgres.database import Connection
from services.reporting.dependencies import Needs
from services.reporting.queries.snapshot import snapshot

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SnapshotPages:
    """All rows of a page come from one snapshot of the read model."""

    paging: Paging
    needs: Needs

    async def page(
        self,
        bound: Mapping[str, Any],
        fetch: Callable[[Connection, list[str] | None, int], Awaitable[list[T]]],
        cursor_of: Callable[[T], list[str]],
    ) -> Page[T]:
        async with snapshot(self.needs.pool) as held:
            return await self.paging.page(bound, partial(fetch, held), cursor_of)


SnapshotPaging = Annotated[SnapshotPages, Depends()]
