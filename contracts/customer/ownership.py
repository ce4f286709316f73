"""Who answers for a customer."""

from typing import Literal

from contracts.event import Event
from contracts.types import EmployeeId


class OwnerAssigned(Event):
    """From now on `owner_id` answers for the customer; `leader_id` is who leads the owner, where known."""

    type: Literal["care.customer.owner-assigned.v1"] = "care.customer.owner-assigned.v1"
    previous_owner_id: EmployeeId | None = None
    owner_id: EmployeeId
    leader_id: EmployeeId | None = None


OwnershipEvent = OwnerAssigned
