"""The dependencies of the routes: command handlers, queries and helpers of one process."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from chassis.commands.command_handler import CommandHandler
from chassis.http.dependencies import dependencies_of
from chassis.http.export import Exports
from chassis.postgres.database import Pool
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.store.pseudonym import Pseudonyms
from chassis.versions.lookup import Versions
from contracts.followup import (
    CalendarPublished,
    ComplaintPolicyPublished,
    ContactFormPublished,
    PlanTemplatePublished,
    SurveyPolicyPublished,
)
from services.followup.absences.due_work import DueWork
from services.followup.domain.absence import Absences
from services.followup.domain.complaint import Complaint
from services.followup.domain.complaint_repeats import Repeats
from services.followup.domain.contact import Contact
from services.followup.domain.guard import Guards
from services.followup.domain.plan import Plan
from services.followup.domain.survey import Survey
from services.followup.domain.task import Task
from services.followup.queries.absences import AbsenceQueries
from services.followup.queries.complaints import ComplaintQueries
from services.followup.queries.contacts import ContactQueries
from services.followup.queries.customers import Customers
from services.followup.queries.guards import GuardQueries
from services.followup.queries.my_day import DayQueries
from services.followup.queries.surveys import SurveyQueries
from services.followup.queries.tasks import TaskQueries
from services.followup.queries.tier_schemes import TierSchemes
from services.followup.surveys.invitations import Invitations


@dataclass(frozen=True, slots=True)
class Dependencies:
    """In groups: the store, command handlers, versioned configuration, queries, and helpers of one process.

    Routes take from it what they need. Workers do not receive it: `workers` passes each only what it uses.
    """

    pool: Pool
    store: EventStore
    mapper: EventMapper
    pseudonyms: Pseudonyms

    contacts: CommandHandler[Contact]
    tasks: CommandHandler[Task | None]
    complaints: CommandHandler[Complaint | None]
    complaint_repeats: CommandHandler[Repeats]
    plans: CommandHandler[Plan | None]
    surveys: CommandHandler[Survey | None]
    anonymous_answers: CommandHandler[bool]
    absences: CommandHandler[Absences]
    guards: CommandHandler[Guards]

    contact_forms: Versions[ContactFormPublished]
    plan_templates: Versions[PlanTemplatePublished]
    calendars: Versions[CalendarPublished]
    complaint_policies: Versions[ComplaintPolicyPublished]
    survey_policies: Versions[SurveyPolicyPublished]

    contact_queries: ContactQueries
    task_queries: TaskQueries
    complaint_queries: ComplaintQueries
    guard_queries: GuardQueries
    survey_queries: SurveyQueries
    absence_queries: AbsenceQueries
    day_queries: DayQueries
    due_work: DueWork
    customers: Customers
    tier_schemes: TierSchemes

    invitations: Invitations
    exports: Exports


Needs = Annotated[Dependencies, Depends(dependencies_of)]
