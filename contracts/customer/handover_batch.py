"""Many customers pass on at once: what was asked for, and how it ended. Each customer's handover names its batch."""

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
    """The customers of `from_owner_id`, or those of nobody, pass on, in turn to each of `to_owner_ids`.

    Only those that fit stage, tier, tag and region, and that `led_by` leads, where these are said. With `leaves` they
    are all that the employee has, what it helps with ends too, and those that it leads are led by `to_leader_id`, or by
    nobody. With `customer_ids` they are these, whoever has them. The batch's subject is the batch itself.
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
    """Every customer of the batch has been seen to: begun to pass on, or refused."""

    type: Literal["care.customer.handover-batch-ended.v1"] = "care.customer.handover-batch-ended.v1"
    handed_over: int = Field(ge=0)
    refused: int = Field(ge=0)


HandoverBatchEvent = HandoverBatchStarted | HandoverBatchEnded
