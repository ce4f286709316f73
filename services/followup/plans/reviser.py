"""Carries out the commands of a plan, and brings its tasks to what its template says."""

import asyncio
from dataclasses import dataclass
from uuid import uuid5

from chassis.postgres.database import Pool
from contracts.followup import CalendarPublished, PlanTemplatePublished
from contracts.followup.plan import Assignment
from services.followup.assignment import Given, give
from services.followup.calendars.work_calendar import working
from services.followup.commands.plan import ChangePlan, EndPlan, PlanCommand, StartPlan
from services.followup.domain.customer_ref import CustomerRef
from services.followup.plans.in_force import InForce
from services.followup.plans.plan_row import PlanRow
from services.followup.plans.plan_state import revised, with_tasks
from services.followup.plans.sender import Cause, PlanCommandSender, Schedules
from services.followup.plans.steps import Due, Revision, revise
from services.followup.plans.task_of_step import schedule_of, work_of


@dataclass(frozen=True, slots=True)
class PlanningTerms:
    """What holds for a batch: the templates and calendars in force, and the employees who ever have a stand-in."""

    in_force: InForce
    stood_in_for: frozenset[str]

    def has_template(self, row: PlanRow) -> bool:
        return row.template in self.in_force.templates

    def template(self, row: PlanRow) -> PlanTemplatePublished:
        return self.in_force.templates[row.template]

    async def calendar(self, row: PlanRow) -> CalendarPublished:
        return await self.in_force.calendar(self.template(row).calendar)


class PlanReviser:
    """Returns each plan as its commands leave it."""

    def __init__(self, pool: Pool, sender: PlanCommandSender, slots: asyncio.Semaphore) -> None:
        self._pool = pool
        self._sender = sender
        self._slots = slots

    async def carry_out(
        self, row: PlanRow, command: PlanCommand, cause: Cause, customer: CustomerRef, terms: PlanningTerms
    ) -> PlanRow:
        """Send the command, and the commands of the tasks that follow from it."""
        match command:
            case StartPlan():
                return await self._start(row, command, cause, customer, terms)
            case ChangePlan():
                await self._sender.change(row, command, cause)
                return await self.revise(row, cause, customer, terms)
            case EndPlan():
                await self._sender.change(row, command, cause)
                for key in row.tasks:
                    await self._sender.cancel(row, key, cause)
                return row

    async def _start(
        self, row: PlanRow, command: StartPlan, cause: Cause, customer: CustomerRef, terms: PlanningTerms
    ) -> PlanRow:
        revision = await revision_of(row, cause, terms)
        schedules = await self._schedules(row, revision, cause, customer, terms)
        await self._sender.start(row, command, schedules, cause)
        return with_tasks(row, schedules, revision)

    async def revise(self, row: PlanRow, cause: Cause, customer: CustomerRef, terms: PlanningTerms) -> PlanRow:
        """Bring the plan's open tasks to what its template says now."""
        revision = await revision_of(row, cause, terms)
        for key in revision.cancel:
            await self._sender.cancel(row, key, cause)
        for key, due in revision.move.items():
            await self._sender.reschedule(row, key, due.at, cause)
        schedules = await self._schedules(row, revision, cause, customer, terms)
        await self._sender.schedule(row, schedules, cause)
        return with_tasks(revised(row, revision), schedules, revision)

    async def _schedules(
        self, row: PlanRow, revision: Revision, cause: Cause, customer: CustomerRef, terms: PlanningTerms
    ) -> Schedules:
        """Return the tasks to schedule. A step of the owner waits while the customer has none."""
        calendar = await terms.calendar(row)
        found = {}
        for key, due in revision.schedule.items():
            if given := await self._given(row, due, customer, terms):
                command = schedule_of(row, due, given, calendar.name, calendar.number)
                found[key] = uuid5(row.plan_id, f"{key}|{cause.name}"), command
        return found

    async def _given(self, row: PlanRow, due: Due, customer: CustomerRef, terms: PlanningTerms) -> Given | None:
        """Return who does it. The database is not asked about an owner who never has a stand-in."""
        owner_id = customer.owner_id
        if due.step.assign is Assignment.OWNER and owner_id not in terms.stood_in_for:
            return Given(owner_id, Assignment.OWNER) if owner_id else None
        async with self._slots:
            return await give(self._pool, work_of(row, due, customer))


async def revision_of(row: PlanRow, cause: Cause, terms: PlanningTerms) -> Revision:
    return revise(row, terms.template(row), working(await terms.calendar(row)), cause.at)
