"""Finds the owner of a new complaint by the assignments of the complaint policy."""

from datetime import datetime

from chassis.postgres.database import Pool
from contracts.followup.complaint_policy import ComplaintAssignee, ComplaintAssignment, ComplaintPolicyPublished
from contracts.followup.plan import Assignment
from services.followup.assignment import Work, find_assignee
from services.followup.commands.complaint import Raise, RaiseByRule, WorkMoment
from services.followup.domain import complaint_clock
from services.followup.domain.customer_ref import CustomerRef

# Names of plan templates have no colon, so no plan shares these round robins.
TURNS = "complaint:"
RECEIVER = ComplaintAssignment(assign=ComplaintAssignee.RECEIVER)


def assignment_of(policy: ComplaintPolicyPublished, category: str | None) -> ComplaintAssignment:
    """Return the assignment of the category, else the general one, else that to the receiver."""
    by_category = {each.category: each for each in policy.assignments}
    return by_category.get(category) or by_category.get(None) or RECEIVER


async def assigned_by_policy(
    command: Raise,
    customer: CustomerRef,
    moment: WorkMoment,
    now: datetime,
    pool: Pool,
) -> Raise:
    """Return the command with the owner that the policy assigns; unchanged if that is the receiver."""
    rule = assignment_of(moment.policy, command.category)
    if rule.assign is ComplaintAssignee.RECEIVER:
        return command
    answer_by = complaint_clock.started(command.severity, moment).answer_by
    turn = (TURNS, rule.category or "")
    work = Work(Assignment(rule.assign.value), rule.team, turn, max(answer_by, now), customer.owner_id)
    found = await find_assignee(pool, work)
    if found is None:
        return command
    return RaiseByRule(
        **dict(command),
        to_owner_id=found.employee_id,
        assignment=found.assignment,
        policy_number=moment.policy.number,
        stands_in_for=found.stands_in_for,
    )
