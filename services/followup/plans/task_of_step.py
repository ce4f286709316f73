"""Builds the work to assign and the task to schedule for a step that is due."""

from services.followup.assignment import Assignee, Work
from services.followup.commands.task import ScheduleForPlan
from services.followup.domain.customer_ref import CustomerRef
from services.followup.plans.plan_row import PlanRow
from services.followup.plans.steps import Due


def work_of(row: PlanRow, due: Due, customer: CustomerRef) -> Work:
    step = due.step
    return Work(step.assign, step.team, (row.template, step.name), due.at, customer.owner_id)


def schedule_of(row: PlanRow, due: Due, assignee: Assignee, calendar: str, number: int) -> ScheduleForPlan:
    return ScheduleForPlan(
        assignee_id=assignee.employee_id,
        assignment=assignee.assignment,
        stands_in_for=assignee.stands_in_for,
        due_at=due.at,
        purpose=due.step.purpose,
        channel=due.step.channel,
        plan_id=row.plan_id,
        plan_step=due.step.name,
        calendar=calendar,
        calendar_number=number,
    )
