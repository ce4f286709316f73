"""One customer passes from one owner to another, with all that is open for it."""

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
    """What the new owner must know of. `at` is when it is due, was raised, or took place.

    `promised_by` is when the customer was promised that a complaint is resolved.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: ItemKind
    concerns_id: UUID
    at: Instant
    employee_id: EmployeeId
    promised_by: Instant | None = None


class EndingContract(BaseModel):
    """A contract whose term runs out soon, or has run out of late; `ends_on` is its last day."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    contract_id: UUID
    ends_on: Day
    renewal_intent: RenewalIntent


class HandoverStarted(Event):
    """The customer is to pass on. Until it is accepted, the old owner answers for it. `batch_id` ties many together.

    `items_left_out` counts what was too much for the checklist, contracts among it.
    """

    type: Literal["care.customer.handover-started.v1"] = "care.customer.handover-started.v1"
    batch_id: UUID | None = None
    from_owner_id: EmployeeId | None = None
    to_owner_id: EmployeeId
    to_leader_id: EmployeeId | None = None
    reason: Code
    checklist: tuple[ChecklistItem, ...] = ()
    items_left_out: int = 0
    contracts: tuple[EndingContract, ...] = ()


class HandoverAccepted(Event):
    """The new owner has taken over; recorded together with the OwnerAssigned that says so."""

    type: Literal["care.customer.handover-accepted.v1"] = "care.customer.handover-accepted.v1"
    owner_id: EmployeeId
    note_ref: UUID | None = None


class HandoverWithdrawn(Event):
    """The customer stays with its owner."""

    type: Literal["care.customer.handover-withdrawn.v1"] = "care.customer.handover-withdrawn.v1"
    reason_ref: UUID | None = None


HandoverEvent = HandoverStarted | HandoverAccepted | HandoverWithdrawn
