"""Who gets a new complaint, by the assignments of the complaint policy."""

from datetime import datetime

from chassis.postgres.database import Pool
from contracts.followup.complaint_policy import ComplaintAssignee, ComplaintAssignment, ComplaintPolicyPublished
from contracts.followup.plan import Assignment
from services.followup.assignment import Work, give
from services.followup.commands.complaint import Raise, RaiseByRule, WorkMoment
from services.followup.domain import complaint_clock
from services.followup.domain.customer_ref import CustomerRef

# Names of templates have no colon, so no plan shares these turns.
TURNS = "complaint:"
RECEIVER = ComplaintAssignment(assign=ComplaintAssignee.RECEIVER)


def taker(policy: ComplaintPolicyPublished, category: str | None) -> ComplaintAssignment:
    """Return the assignment of this category, else the one of any category, else that to the receiver."""
    by_category = {each.category: each for each in policy.assignments}
    return by_category.get(category) or by_category.get(None) or RECEIVER


async def taken_up(command: Raise, customer: CustomerRef, moment: WorkMoment, now: datetime, pool: Pool) -> Raise:
    """Return the command with the owner that the policy assigns; unchanged where the receiver keeps the complaint."""
    rule = taker(moment.policy, command.category)
    if rule.assign is ComplaintAssignee.RECEIVER:
        return command
    answer_by = complaint_clock.started(command.severity, moment).answer_by
    turn = (TURNS, rule.category or "")
    work = Work(Assignment(rule.assign.value), rule.team, turn, max(answer_by, now), customer.owner_id)
    given = await give(pool, work)
    if given is None:
        return command
    return RaiseByRule(
        **dict(command),
        to_owner_id=given.employee_id,
        assignment=given.assignment,
        policy_number=moment.policy.number,
        stands_in_for=given.stands_in_for,
    )
