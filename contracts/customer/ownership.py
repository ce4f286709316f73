"""Who answers for a customer."""

from typing import Literal

from contracts.event import Event
from contracts.types import EmployeeId


class OwnerAssigned(Event):
    """From now on `owner_id` answers for the customer; `leader_id` is who leads the owner, where known.

    An owner is no helper: one who helped helps no longer, and keeps nothing when the customer is handed on.
    """

    type: Literal["care.customer.owner-assigned.v1"] = "care.customer.owner-assigned.v1"
    previous_owner_id: EmployeeId | None = None
    owner_id: EmployeeId
    leader_id: EmployeeId | None = None


class HelperAdded(Event):
    """The employee may act for the customer beside its owner."""

    type: Literal["care.customer.helper-added.v1"] = "care.customer.helper-added.v1"
    employee_id: EmployeeId


class HelperRemoved(Event):
    type: Literal["care.customer.helper-removed.v1"] = "care.customer.helper-removed.v1"
    employee_id: EmployeeId


OwnershipEvent = OwnerAssigned | HelperAdded | HelperRemoved
