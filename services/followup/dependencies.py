"""What the routes are given: the command handlers, the queries, and the helpers of one process."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from chassis.commands.command_handler import CommandHandler
from chassis.http.export import Exports
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
from services.followup.absences.due_work import FallingDue
from services.followup.domain.absence import Absences
from services.followup.domain.complaint import Complaint
from services.followup.domain.complaint_repeats import Repeats
from services.followup.domain.contact import Contact
from services.followup.domain.guard import Guards
from services.followup.domain.plan import Plan
from services.followup.domain.survey import Survey
from services.followup.domain.task import Task
from services.followup.projection.absences import AbsenceQueries
from services.followup.projection.guards import GuardQueries
from services.followup.projection.surveys import SurveyQueries
from services.followup.queries.customers import Customers
from services.followup.queries.followups import FollowupQueries
from services.followup.queries.my_day import Days
from services.followup.surveys.invitations import Invitations


@dataclass(frozen=True, slots=True)
class Dependencies:
    store: EventStore
    mapper: EventMapper
    contacts: CommandHandler[Contact]
    tasks: CommandHandler[Task | None]
    complaints: CommandHandler[Complaint | None]
    contact_forms: Versions[ContactFormPublished]
    plans: CommandHandler[Plan | None]
    plan_templates: Versions[PlanTemplatePublished]
    calendars: Versions[CalendarPublished]
    complaint_repeats: CommandHandler[Repeats]
    complaint_policies: Versions[ComplaintPolicyPublished]
    guards: CommandHandler[Guards]
    surveys: CommandHandler[Survey | None]
    anonymous_answers: CommandHandler[bool]
    survey_policies: Versions[SurveyPolicyPublished]
    survey_list: SurveyQueries
    invitations: Invitations
    guard_list: GuardQueries
    absences: CommandHandler[Absences]
    absence_list: AbsenceQueries
    falling_due: FallingDue
    customers: Customers
    queries: FollowupQueries
    days: Days
    pseudonyms: Pseudonyms
    exports: Exports

    def absences_of(self, employee_id: str) -> UUID:
        """Return the stream of when one employee is away."""
        # In hex, because names are folded before an id is derived from them; ids that differ in case are two people.
        return self.pseudonyms.derived("absences", employee_id.encode().hex())

    def repeats_of(self, customer_id: UUID) -> UUID:
        """Return the stream of what one customer complains of again and again."""
        return self.pseudonyms.derived("complaint-repeats", str(customer_id))


async def of_request(request: Request) -> Dependencies:
    found: Dependencies = request.app.state.dependencies
    return found


Needs = Annotated[Dependencies, Depends(of_request)]
