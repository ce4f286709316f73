"""Sends the commands of a plan, and updates its open tasks to match its template."""

import asyncio
from dataclasses import dataclass
from uuid import uuid5

from chassis.postgres.database import Pool
from chassis.rules.calendars.work_calendar import working
from contracts.followup import CalendarPublished, PlanTemplatePublished
from contracts.followup.plan import Assignment
from services.followup.assignment import Assignee, find_assignee
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
    """Shared data of a batch: the templates and calendars in force, and the employees who have a stand-in."""

    in_force: InForce
    with_stand_in: frozenset[str]

    def has_template(self, row: PlanRow) -> bool:
        return row.template in self.in_force.templates

    def template(self, row: PlanRow) -> PlanTemplatePublished:
        return self.in_force.templates[row.template]

    async def calendar(self, row: PlanRow) -> CalendarPublished:
        return await self.in_force.calendar(self.template(row).calendar)


class PlanReviser:
    """Sends the commands to a plan and its tasks, and returns the new state of the plan."""

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
                return await self.end(row, command, cause)

    async def end(self, row: PlanRow, command: EndPlan, cause: Cause) -> PlanRow:
        """End the plan and cancel its open tasks."""
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
        """Update the plan's open tasks to match its template."""
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
        """Return the tasks to schedule. A step for the owner waits until the customer has one."""
        calendar = await terms.calendar(row)
        found = {}
        for key, due in revision.schedule.items():
            if assignee := await self._assignee(row, due, customer, terms):
                command = schedule_of(row, due, assignee, calendar.name, calendar.number)
                found[key] = uuid5(row.plan_id, f"{key}|{cause.name}"), command
        return found

    async def _assignee(self, row: PlanRow, due: Due, customer: CustomerRef, terms: PlanningTerms) -> Assignee | None:
        """Return the assignee. For an owner without stand-ins no query is needed."""
        owner_id = customer.owner_id
        if due.step.assign is Assignment.OWNER and owner_id not in terms.with_stand_in:
            return Assignee(owner_id, Assignment.OWNER) if owner_id else None
        async with self._slots:
            return await find_assignee(self._pool, work_of(row, due, customer))


async def revision_of(row: PlanRow, cause: Cause, terms: PlanningTerms) -> Revision:
    return revise(row, terms.template(row), working(await terms.calendar(row)), cause.at)
