"""Who answers for a complaint from the beginning, as the policy in force says."""

from datetime import datetime

from chassis.postgres.database import Pool
from contracts.followup.complaint_policy import ComplaintAssignee, ComplaintAssignment, ComplaintPolicyPublished
from contracts.followup.plan import Assignment
from services.followup.assignment import Work, give
from services.followup.commands.complaint import Moment, Raise, RaiseByRule
from services.followup.domain import complaint_clock
from services.followup.domain.customer_ref import CustomerRef

# No template's name holds a colon, so no plan shares these turns.
TURNS = "complaint:"
RECEIVER = ComplaintAssignment(assign=ComplaintAssignee.RECEIVER)


def taker(policy: ComplaintPolicyPublished, category: str | None) -> ComplaintAssignment:
    """Return what is said of this category, else of any; whoever receives it, where nothing is said."""
    said = {each.category: each for each in policy.assignments}
    return said.get(category) or said.get(None) or RECEIVER


async def taken_up(command: Raise, customer: CustomerRef, moment: Moment, now: datetime, pool: Pool) -> Raise:
    """Return the command with whom the policy gives the complaint to; as it is, where that is whoever receives it."""
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
