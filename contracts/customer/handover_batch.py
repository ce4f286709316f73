"""Batch handovers of many customers. The handover of each customer contains the `batch_id`."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.customer.life import Stage
from contracts.event import Event
from contracts.types import Code, EmployeeId, Word

MAX_NEW_OWNERS = 50
MAX_NAMED_CUSTOMERS = 500

NewOwners = Annotated[tuple[EmployeeId, ...], Field(min_length=1, max_length=MAX_NEW_OWNERS)]
NamedCustomers = Annotated[tuple[UUID, ...], Field(min_length=1, max_length=MAX_NAMED_CUSTOMERS)]


class HandoverBatchStarted(Event):
    """A batch handover was started: customers are distributed in turn to the employees in `to_owner_ids`.

    It contains the customers owned by `from_owner_id`; without it, those that have no owner. If `stage`, `tier`, `tag`,
    `region` or `led_by` (the leader) are given, only matching customers. With `customer_ids`, exactly these customers.
    If the employee `leaves`, it contains all their customers. The employee is then also removed as helper, and replaced
    as leader by `to_leader_id` or, without it, by their own leader. The subject is the batch, not a customer.
    """

    type: Literal["care.customer.handover-batch-started.v1"] = "care.customer.handover-batch-started.v1"
    from_owner_id: EmployeeId | None = None
    to_owner_ids: NewOwners
    reason: Code
    stage: Stage | None = None
    tier: Code | None = None
    tag: Code | None = None
    region: Word | None = None
    led_by: EmployeeId | None = None
    waits_for_acceptance: bool = True
    leaves: bool = False
    to_leader_id: EmployeeId | None = None
    customer_ids: NamedCustomers | None = None


class HandoverBatchEnded(Event):
    """A batch handover ended: the handover of each customer was started or refused."""

    type: Literal["care.customer.handover-batch-ended.v1"] = "care.customer.handover-batch-ended.v1"
    handed_over: int = Field(ge=0)
    refused: int = Field(ge=0)


HandoverBatchEvent = HandoverBatchStarted | HandoverBatchEnded
