"""To whom a complaint is given at once, beside whoever receives it."""

from contracts import followup as events
from contracts.followup.complaint import ComplaintEvent
from services.followup.commands.complaint import Raise, RaiseByRule
from services.followup.domain import named


def given(command: Raise) -> list[ComplaintEvent]:
    """Return to whom the policy gives the complaint, where that is not whoever receives it."""
    if not isinstance(command, RaiseByRule) or command.to_owner_id == command.owner_id:
        return []
    return [
        events.ComplaintAssigned(
            previous_owner_id=named(command.owner_id),
            owner_id=command.to_owner_id,
            assignment=command.assignment,
            policy_number=command.policy_number,
            stands_in_for=command.stands_in_for,
        )
    ]
