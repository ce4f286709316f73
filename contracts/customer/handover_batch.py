"""Many customers pass on at once: what was asked for, and how it ended. Each customer's handover names its batch."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.customer.life import Stage
from contracts.event import Event
from contracts.types import Code, EmployeeId, Word

MAX_NEW_OWNERS = 50

NewOwners = Annotated[tuple[EmployeeId, ...], Field(min_length=1, max_length=MAX_NEW_OWNERS)]


class HandoverBatchStarted(Event):
    """The customers of `from_owner_id`, or those of nobody, pass on, in turn to each of `to_owner_ids`.

    Only those that fit stage, tier, tag and region, and that `led_by` leads, where these are said. With `leaves` they
    are all that the employee has, and what it helps with ends too. The batch's subject is the batch itself.
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


class HandoverBatchEnded(Event):
    """Every customer of the batch has been seen to: begun to pass on, or refused."""

    type: Literal["care.customer.handover-batch-ended.v1"] = "care.customer.handover-batch-ended.v1"
    handed_over: int = Field(ge=0)
    refused: int = Field(ge=0)


HandoverBatchEvent = HandoverBatchStarted | HandoverBatchEnded
