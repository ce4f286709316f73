"""Computes owner, leader and helpers of a customer from its events. Every read model uses this function."""

from dataclasses import replace
from typing import Any, ClassVar, Protocol, TypeVar
from uuid import UUID

from contracts.customer.merging import Merged, Unmerged
from contracts.customer.ownership import HelperAdded, HelperRemoved, OwnerAssigned, OwnershipEvent

ResponsibilityEvent = OwnershipEvent | Merged | Unmerged


class Responsible(Protocol):
    """A row about a customer. If it was merged, the owner, leader and helpers of `merged_into` apply to it."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def owner_id(self) -> str | None: ...

    @property
    def leader_id(self) -> str | None: ...

    @property
    def helper_ids(self) -> list[str]: ...

    @property
    def merged_into(self) -> UUID | None: ...


R = TypeVar("R", bound=Responsible)


def evolve_responsibility(row: R, event: ResponsibilityEvent) -> R:
    """Return the row after one event. A new owner is no longer a helper."""
    match event:
        case OwnerAssigned(owner_id=owner_id, leader_id=leader_id):
            return replace(row, owner_id=owner_id, leader_id=leader_id, helper_ids=other_helpers(row, owner_id))
        case HelperAdded(employee_id=employee_id):
            return replace(row, helper_ids=[*other_helpers(row, employee_id), employee_id])
        case HelperRemoved(employee_id=employee_id):
            return replace(row, helper_ids=other_helpers(row, employee_id))
        case Merged(into_customer_id=into_id):
            return replace(row, merged_into=into_id)
        case Unmerged():
            return replace(row, merged_into=None)


def other_helpers(row: Responsible, employee_id: str) -> list[str]:
    return [each for each in row.helper_ids if each != employee_id]
