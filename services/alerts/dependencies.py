"""The dependencies of the routes."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from chassis.commands.command_handler import CommandHandler
from chassis.http.dependencies import dependencies_of
from chassis.http.export import Exports
from chassis.postgres.database import Pool
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.alerts import RuleMuted
from services.alerts.engine.rule import RuleBook
from services.alerts.handling import AlertHandler
from services.alerts.queries.alerts import AlertQueries
from services.alerts.staff.directory import Directory


@dataclass(frozen=True, slots=True)
class Dependencies:
    pool: Pool
    store: EventStore
    mapper: EventMapper
    queries: AlertQueries
    rules: RuleBook
    exports: Exports
    alerts: AlertHandler
    directory: Directory
    mutes: CommandHandler[RuleMuted | None]


Needs = Annotated[Dependencies, Depends(dependencies_of)]
