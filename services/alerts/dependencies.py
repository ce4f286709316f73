"""The dependencies of the routes."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from chassis.commands.command_handler import CommandHandler
from chassis.http.dependencies import dependencies_of
from chassis.http.export import Exports
from chassis.http.paging import Cursors
from chassis.postgres.database import Pool
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.versions.lookup import Versions
from contracts.alerts import (
    ContactDefinitionPublished,
    LadderPublished,
    QuietHoursPublished,
    RuleDrafted,
    RuleMuted,
    RuleVersion,
)
from services.alerts.engine.rule_book import Rules
from services.alerts.handling import AlertHandler
from services.alerts.live.broadcast import Broadcast
from services.alerts.queries.alerts import AlertQueries
from services.alerts.queries.rules import RuleQueries
from services.alerts.staff.directory import Directory


@dataclass(frozen=True, slots=True)
class RuleDependencies:
    """What the routes of rules need. `cursors` sign previews."""

    in_force: Rules
    versions: Versions[RuleVersion]
    drafts: Versions[RuleDrafted]
    queries: RuleQueries
    cursors: Cursors
    pool: Pool


@dataclass(frozen=True, slots=True)
class Dependencies:
    pool: Pool
    store: EventStore
    mapper: EventMapper
    queries: AlertQueries
    rules: RuleDependencies
    exports: Exports
    live: Broadcast
    alerts: AlertHandler
    directory: Directory
    mutes: CommandHandler[RuleMuted | None]
    ladders: Versions[LadderPublished]
    quiet_hours: Versions[QuietHoursPublished]
    contacts: Versions[ContactDefinitionPublished]


Needs = Annotated[Dependencies, Depends(dependencies_of)]
