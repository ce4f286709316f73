"""The holders of a customer: the employees whose access depends on their relation to it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Holders:
    """The owner, the helpers, and the owner's leader."""

    owner_id: str | None = None
    leader_id: str | None = None
    helper_ids: frozenset[str] = frozenset()

    def include(self, employee_id: str) -> bool:
        return employee_id in {self.owner_id, self.leader_id} | self.helper_ids
