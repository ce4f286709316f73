"""The dependencies of the routes: command handlers, queries and shared objects of one process."""

from dataclasses import dataclass
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends

from chassis.commands.command_handler import CommandHandler
from chassis.http.dependencies import dependencies_of
from chassis.http.export import Exports
from chassis.postgres.database import Pool
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.store.pseudonym import Pseudonyms
from chassis.versions.lookup import Versions
from contracts.customer import SegmentPublished, TagVocabularyPublished, TierSchemePublished
from services.customer.commerce.recording import Commerce
from services.customer.domain import Customer
from services.customer.domain.employee import Employee
from services.customer.domain.handover import Handover
from services.customer.domain.handover_batch import Batch
from services.customer.employees import Employees
from services.customer.erasure.execution import ErasureHandler
from services.customer.handovers.checklists import Checklists
from services.customer.queries import CustomerQueries
from services.customer.queries.handovers import HandoverQueries
from services.customer.registration import Registration


@dataclass(frozen=True, slots=True)
class Dependencies:
    pool: Pool
    zone: ZoneInfo
    store: EventStore
    mapper: EventMapper
    customers: CommandHandler[Customer]
    registration: Registration
    commerce: Commerce
    handovers: CommandHandler[Handover]
    checklists: Checklists
    handover_batches: CommandHandler[Batch | None]
    vocabulary: Versions[TagVocabularyPublished]
    tier_schemes: Versions[TierSchemePublished]
    segments: Versions[SegmentPublished]
    queries: CustomerQueries
    employees: Employees
    employments: CommandHandler[Employee]
    handover_queries: HandoverQueries
    pseudonyms: Pseudonyms
    erasure: ErasureHandler
    exports: Exports


Needs = Annotated[Dependencies, Depends(dependencies_of)]
