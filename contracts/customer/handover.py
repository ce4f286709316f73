"""The handover of one customer from its owner to another employee, with a checklist of open work."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from contracts.customer.contract import RenewalIntent
from contracts.event import Event
from contracts.types import Code, Day, EmployeeId, Instant


class ItemKind(StrEnum):
    TASK = "task"
    COMPLAINT = "complaint"
    LAST_CONTACT = "last-contact"


class ChecklistItem(BaseModel):
    """An item for the new owner. `at` is when a task is due, a complaint was raised or a contact took place.

    `promised_by` is the time until which the resolution of a complaint was promised to the customer.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: ItemKind
    concerns_id: UUID
    at: Instant
    employee_id: EmployeeId
    promised_by: Instant | None = None


class EndingContract(BaseModel):
    """A contract that ends soon or ended recently. `ends_on` is its last day."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    contract_id: UUID
    ends_on: Day
    renewal_intent: RenewalIntent


class HandoverStarted(Event):
    """A handover was started. The old owner remains the owner until the handover is accepted.

    `is_leader_stated`: `to_leader_id` was stated. If not, the acceptance takes the leader that the new owner has then.
    `batch_id` is the batch handover that it belongs to, if any. `items_left_out` is the number of items and contracts
    above the limit of the checklist.
    """

    type: Literal["care.customer.handover-started.v1"] = "care.customer.handover-started.v1"
    batch_id: UUID | None = None
    from_owner_id: EmployeeId | None = None
    to_owner_id: EmployeeId
    to_leader_id: EmployeeId | None = None
    is_leader_stated: bool = True
    reason: Code
    checklist: tuple[ChecklistItem, ...] = ()
    items_left_out: int = 0
    contracts: tuple[EndingContract, ...] = ()


class HandoverAccepted(Event):
    """The new owner accepted the handover. `owner-assigned` is recorded in the same commit."""

    type: Literal["care.customer.handover-accepted.v1"] = "care.customer.handover-accepted.v1"
    owner_id: EmployeeId
    note_ref: UUID | None = None


class HandoverWithdrawn(Event):
    """The handover was withdrawn. The customer keeps its owner.

    `reason` is `merged` if the handover ended because the customer was merged into another one.
    """

    type: Literal["care.customer.handover-withdrawn.v1"] = "care.customer.handover-withdrawn.v1"
    reason_ref: UUID | None = None
    reason: Code | None = None


HandoverEvent = HandoverStarted | HandoverAccepted | HandoverWithdrawn
