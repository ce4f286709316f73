"""HTTP for segments: filters kept under a name, and the customers that fit them now."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from chassis.commands.decider import RejectedError
from chassis.http.access import Caller
from chassis.http.body import StrictRoute
from chassis.http.listing import Paging
from chassis.http.paging import Page
from chassis.http.responses import Accepted, answer
from chassis.versions.decider import version_of
from chassis.versions.lookup import Versions
from chassis.versions.routes import VersionRoutes
from contracts.customer import SegmentFilter, SegmentPublished
from contracts.types import Code
from services.customer import commands
from services.customer.api.access import KEEPERS, READERS, Keeper, Reader
from services.customer.dependencies import Dependencies, Needs
from services.customer.queries import CustomerView
from services.customer.search.query import CustomerFilters

router = APIRouter(prefix="/v1", tags=["segments"], route_class=StrictRoute)

MAX_SEGMENTS = 500
MAX_COUNTED = 10_000
LIST = "SELECT data FROM segment WHERE data IS NOT NULL ORDER BY name LIMIT $1"
COUNT = "SELECT count(*) FROM segment WHERE data IS NOT NULL AND name <> $1"
Name = Annotated[Code, Path()]


class SegmentView(BaseModel):
    """A segment as it is in force."""

    name: str
    number: int
    en: str
    zh: str
    filter: SegmentFilter


class Segments(BaseModel):
    items: list[SegmentView]


class SegmentCount(BaseModel):
    """How many of the customers whom the caller may see are in it; with `has_more`, at least as many."""

    count: int
    has_more: bool


@router.get("/segments")
async def read_segments(_caller: Reader, needs: Needs) -> Segments:
    """List the segments; there are few, so all at once."""
    rows = await needs.pool.fetch(LIST, MAX_SEGMENTS)
    return Segments(items=[SegmentView.model_validate(row["data"]) for row in rows])


async def versions(needs: Needs) -> Versions[SegmentPublished]:
    return needs.segments


async def version_from_body(segment: Name, body: commands.Segment, needs: Needs) -> SegmentPublished:
    """Keep whom the segment holds from now on, whole."""
    if await needs.pool.fetchval(COUNT, segment) >= MAX_SEGMENTS:
        raise RejectedError(
            "too-many-segments", f"There are up to {MAX_SEGMENTS} segments.", f"客户分群最多 {MAX_SEGMENTS} 个。"
        )
    return version_of(SegmentPublished, body, name=segment)


VersionRoutes(
    "segment", "/segments", versions, version_from_body, SegmentView, KEEPERS, READERS, parameter="segment"
).add_to(router)


@router.delete("/segments/{segment}", response_model=Accepted)
async def remove_segment(segment: Name, caller: Keeper, needs: Needs) -> Response:
    """Let the segment go. Its customers stay as they are."""
    stream_id, command = needs.segments.stream_of(segment), commands.RemoveSegment(name=segment)
    handled = await needs.segments.handler.handle(
        stream_id, command, caller.context, expected_version=caller.expected_version
    )
    return answer(handled, f"/v1/segments/{segment}")


@router.get("/segments/{segment}/customers")
async def read_segment_customers(segment: Name, caller: Reader, needs: Needs, paging: Paging) -> Page[CustomerView]:
    """List the customers who are in the segment now; a seller sees their own."""
    filters = await filters_of(segment, caller, needs)
    return await paging.page(
        {"list": "segment", **asdict(filters)},
        lambda place, size: needs.queries.page(filters, UUID(place[0]) if place else None, size),
        lambda customer: [str(customer.id)],
    )


@router.get("/segments/{segment}/count")
async def count_segment(segment: Name, caller: Reader, needs: Needs) -> SegmentCount:
    """Count the customers who are in the segment now."""
    filters = await filters_of(segment, caller, needs)
    found = await needs.queries.count(filters, MAX_COUNTED + 1)
    return SegmentCount(count=min(found, MAX_COUNTED), has_more=found > MAX_COUNTED)


async def filters_of(segment: str, caller: Caller, needs: Dependencies) -> CustomerFilters:
    present = await needs.segments.in_force(caller.context.now, segment)
    return CustomerFilters(**dict(present.filter), visible_to=caller.visible_to)
