"""Asking that many customers pass on at once."""

from typing import Self

from pydantic import model_validator

from chassis.command import Command
from contracts.customer import Stage
from contracts.customer.handover_batch import NewOwners
from contracts.types import Code, EmployeeId, Word
from contracts.unfit import UnfitError


class StartHandoverBatch(Command):
    """Pass on what one employee has, or what nobody has, to others in turn; all of it, or what fits the filter."""

    from_owner_id: EmployeeId | None = None
    to_owner_ids: NewOwners
    reason: Code = "reassigned"
    stage: Stage | None = None
    tier: Code | None = None
    tag: Code | None = None
    region: Word | None = None
    waits_for_acceptance: bool = True
    leaves: bool = False

    @model_validator(mode="after")
    def fits_together(self) -> Self:
        if len(set(self.to_owner_ids)) != len(self.to_owner_ids):
            raise UnfitError("each new owner is named once", "每个新负责人只能出现一次", "to_owner_ids")
        if self.from_owner_id in self.to_owner_ids:
            raise UnfitError("nobody takes over from themselves", "不能交接给本人", "to_owner_ids")
        if self.leaves and self.from_owner_id is None:
            raise UnfitError("say who leaves: `from_owner_id`", "请在 `from_owner_id` 中填写离职者", "from_owner_id")
        if self.leaves and (self.stage or self.tier or self.tag or self.region):
            raise UnfitError(
                "who leaves passes on everything: no filter fits `leaves`",
                "离职者须交接全部客户：`leaves` 不能与筛选条件同用",
                "leaves",
            )
        return self


class BeginBatch(Command):
    """A batch, with whose customers the one who asks may pass on at all: None for everybody's."""

    asked: StartHandoverBatch
    led_by: EmployeeId | None = None


class EndBatch(Command):
    handed_over: int
    refused: int


HandoverBatchCommand = BeginBatch | EndBatch
