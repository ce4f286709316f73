"""What the routes are given: the read model, who reads it, and the part of a request that asks for a page."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from fastapi import Depends, Request

from chassis.http.access import EVERYWHERE, OWN, Allow, Caller
from chassis.http.auth import Role
from chassis.http.listing import Paging
from chassis.http.paging import Page
from chassis.postgres.database import Connection, Pool
from services.reporting.queries.snapshot import snapshot

T = TypeVar("T")

Reader = Annotated[Caller, Depends(Allow(anywhere=EVERYWHERE | {Role.FINANCE}, own=OWN))]
Keeper = Annotated[Caller, Depends(Allow(anywhere={Role.OPS, Role.ADMIN}, own=()))]


@dataclass(frozen=True, slots=True)
class Dependencies:
    pool: Pool
    zone: ZoneInfo


async def of_request(request: Request) -> Dependencies:
    found: Dependencies = request.app.state.dependencies
    return found


Needs = Annotated[Dependencies, Depends(of_request)]


@dataclass(frozen=True, slots=True)
class SnapshotListing:
    """A page whose rows all come from one moment of the read model."""

    listing: Paging
    needs: Needs

    async def page(
        self,
        bound: Mapping[str, Any],
        fetch: Callable[[Connection, list[str] | None, int], Awaitable[list[T]]],
        place_of: Callable[[T], list[str]],
    ) -> Page[T]:
        async with snapshot(self.needs.pool) as held:
            return await self.listing.page(bound, partial(fetch, held), place_of)


SnapshotPaging = Annotated[SnapshotListing, Depends()]
