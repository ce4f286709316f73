"""The rules of who answers for a customer."""

from contracts import customer as events
from services.customer.domain.state import Customer


def owner_assigned(customer: Customer, owner_id: str, leader_id: str | None) -> list[events.CustomerEvent]:
    leader = leader_id or (customer.leader_id if owner_id == customer.owner_id else None)
    if (owner_id, leader) == (customer.owner_id, customer.leader_id):
        return []
    return [events.OwnerAssigned(previous_owner_id=customer.owner_id, owner_id=owner_id, leader_id=leader)]
