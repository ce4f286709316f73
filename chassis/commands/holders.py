"""The holders of a customer: the employees whose access depends on their relation to it. Who has left cannot be one."""

from collections.abc import Iterable
from dataclasses import dataclass

from chassis.commands.decider import RejectedError


@dataclass(frozen=True, slots=True)
class Holders:
    """The owner, the helpers, and the owner's leader."""

    owner_id: str | None = None
    leader_id: str | None = None
    helper_ids: frozenset[str] = frozenset()

    def include(self, employee_id: str) -> bool:
        return employee_id in {self.owner_id, self.leader_id} | self.helper_ids


def employees_left(leavers: Iterable[str], *place: str) -> RejectedError:
    """Return the error that these employees have left; `place` is the path to the field that names them."""
    named = ", ".join(sorted(leavers))
    return RejectedError(
        "employee-left",
        f"These employees have left and cannot take over: {named}.",
        f"以下员工已离职，不能接手：{named}。",
        *place,
    )
