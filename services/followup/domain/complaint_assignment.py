"""The assignment of a new complaint by the complaint policy."""

from contracts import followup as events
from contracts.followup.complaint import ComplaintEvent
from services.followup.commands.complaint import Raise, RaiseByRule
from services.followup.domain import require_employee


def policy_assignment(command: Raise) -> list[ComplaintEvent]:
    """Return the assignment by the policy; none if the receiver keeps the complaint."""
    if not isinstance(command, RaiseByRule) or command.to_owner_id == command.owner_id:
        return []
    return [
        events.ComplaintAssigned(
            previous_owner_id=require_employee(command.owner_id),
            owner_id=command.to_owner_id,
            assignment=command.assignment,
            policy_number=command.policy_number,
            stands_in_for=command.stands_in_for,
        )
    ]
