"""What the routes need: the pool and the business zone."""

from dataclasses import dataclass
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Request

from chassis.postgres.database import Pool


@dataclass(frozen=True, slots=True)
class Dependencies:
    pool: Pool
    zone: ZoneInfo


async def of_request(request: Request) -> Dependencies:
    found: Dependencies = request.app.state.dependencies
    return found


Needs = Annotated[Dependencies, Depends(of_request)]
