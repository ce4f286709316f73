"""What the routes are given."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from chassis.event_store import EventStore
from chassis.export import Exports
from chassis.mapper import EventMapper
from services.alerts.engine.rules import RuleBook
from services.alerts.queries import AlertQueries


@dataclass(frozen=True, slots=True)
class Dependencies:
    store: EventStore
    mapper: EventMapper
    queries: AlertQueries
    rules: RuleBook
    exports: Exports


async def of_request(request: Request) -> Dependencies:
    found: Dependencies = request.app.state.dependencies
    return found


Needs = Annotated[Dependencies, Depends(of_request)]
