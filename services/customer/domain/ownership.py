"""The rules of who answers for a customer."""

from chassis.decider import RejectedError
from contracts import customer as events
from services.customer import commands
from services.customer.domain.state import Customer


def owner_assigned(customer: Customer, owner_id: str, leader_id: str | None) -> list[events.CustomerEvent]:
    leader = leader_id or (customer.leader_id if owner_id == customer.owner_id else None)
    if (owner_id, leader) == (customer.owner_id, customer.leader_id):
        return []
    return [events.OwnerAssigned(previous_owner_id=customer.owner_id, owner_id=owner_id, leader_id=leader)]


def passed_on(customer: Customer, command: commands.PassOn) -> list[events.CustomerEvent]:
    """Refuse to take the customer from somebody who was given it since the handover began."""
    if customer.owner_id != command.from_owner_id:
        raise RejectedError(
            "owner-changed",
            f"Since this handover began the customer was given to {customer.owner_id}; withdraw it and start anew.",
            f"交接发起之后，该客户已转给 {customer.owner_id}；请撤回后重新发起。",
        )
    return owner_assigned(customer, command.owner_id, command.leader_id)
