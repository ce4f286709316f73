"""The owner, the leader and the helpers of a customer."""

from typing import Literal

from contracts.event import Event
from contracts.types import EmployeeId


class OwnerAssigned(Event):
    """The owner of the customer was assigned, or its leader changed. `leader_id` is the leader of the owner, if known.

    `is_leader_stated`: the leader was stated for this customer, so it stays when the owner gets another leader.
    If the new owner was a helper of the customer, that ends. It does not resume when the owner changes again.
    """

    type: Literal["care.customer.owner-assigned.v1"] = "care.customer.owner-assigned.v1"
    previous_owner_id: EmployeeId | None = None
    owner_id: EmployeeId
    leader_id: EmployeeId | None = None
    is_leader_stated: bool = False


class HelperAdded(Event):
    """An employee became a helper of the customer and may act for it like its owner."""

    type: Literal["care.customer.helper-added.v1"] = "care.customer.helper-added.v1"
    employee_id: EmployeeId


class HelperRemoved(Event):
    """An employee is no longer a helper of the customer."""

    type: Literal["care.customer.helper-removed.v1"] = "care.customer.helper-removed.v1"
    employee_id: EmployeeId


OwnershipEvent = OwnerAssigned | HelperAdded | HelperRemoved
