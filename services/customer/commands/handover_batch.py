"""Commands on handover batches: handing over many customers at once."""

from typing import Self

from pydantic import model_validator

from chassis.commands.command import Command
from contracts.customer import Stage
from contracts.customer.handover_batch import NamedCustomers, NewOwners
from contracts.field_error import FieldError
from contracts.types import Code, EmployeeId, Word


class StartHandoverBatch(Command):
    """Hand over an employee's customers, or those without an owner: all, those that match the filter, or a list.

    The new owners get the customers in turn.
    """

    from_owner_id: EmployeeId | None = None
    to_owner_ids: NewOwners
    reason: Code = "reassigned"
    stage: Stage | None = None
    tier: Code | None = None
    tag: Code | None = None
    region: Word | None = None
    waits_for_acceptance: bool = True
    leaves: bool = False
    to_leader_id: EmployeeId | None = None
    customer_ids: NamedCustomers | None = None

    @model_validator(mode="after")
    def fits_together(self) -> Self:
        if len(set(self.to_owner_ids)) != len(self.to_owner_ids):
            raise FieldError("each new owner can be named only once", "每个新负责人只能出现一次", "to_owner_ids")
        if self.from_owner_id in self.to_owner_ids:
            raise FieldError("an employee cannot take over from themselves", "不能交接给本人", "to_owner_ids")
        if self.leaves and self.from_owner_id is None:
            raise FieldError(
                "`leaves` requires `from_owner_id`: the employee who leaves",
                "请在 `from_owner_id` 中填写离职者",
                "from_owner_id",
            )
        self.leader_fits()
        narrowed = bool(self.stage or self.tier or self.tag or self.region)
        if self.leaves and (narrowed or self.customer_ids):
            raise FieldError(
                "an employee who leaves hands over everything: `leaves` allows no filter and no list",
                "离职者的客户须全部交接：`leaves` 不能与筛选条件或客户清单同用",
                "leaves",
            )
        if self.customer_ids and narrowed:
            raise FieldError(
                "use either `customer_ids` or a filter, not both", "`customer_ids` 与筛选条件不能同用", "customer_ids"
            )
        return self

    def leader_fits(self) -> None:
        if self.to_leader_id and not self.leaves:
            raise FieldError(
                "`to_leader_id` replaces a leader who leaves: set `leaves` too",
                "`to_leader_id` 接替离职的主管：请同时设置 `leaves`",
                "to_leader_id",
            )
        if self.to_leader_id and self.to_leader_id == self.from_owner_id:
            raise FieldError("an employee cannot take over from themselves", "不能交接给本人", "to_leader_id")


class BeginHandoverBatch(Command):
    """A requested batch. `led_by` restricts it to the customers of one leader."""

    request: StartHandoverBatch
    led_by: EmployeeId | None = None


class EndBatch(Command):
    handed_over: int
    refused: int


HandoverBatchCommand = BeginHandoverBatch | EndBatch
