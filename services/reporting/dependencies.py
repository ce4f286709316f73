"""The dependencies of the routes: the pool and the business zone."""

from dataclasses import dataclass
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends

from chassis.http.dependencies import dependencies_of
from chassis.postgres.database import Pool


@dataclass(frozen=True, slots=True)
class Dependencies:
    pool: Pool
    zone: ZoneInfo


Needs = Annotated[Dependencies, Depends(dependencies_of)]
