"""Who answers for each customer now, and so may see its alerts, whenever those were raised."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts.customer import HelperAdded, HelperRemoved, Merged, OwnerAssigned, Unmerged
from contracts.customer.ownership import OwnershipEvent
from contracts.event import Envelope


@dataclass(frozen=True, slots=True)
class HoldersRow:
    customer_id: UUID
    owner_id: str | None = None
    leader_id: str | None = None
    helper_ids: list[str] = field(default_factory=list)
    # Where this is a duplicate: whose holders count for it.
    merged_into: UUID | None = None


Told = OwnershipEvent | Merged | Unmerged
HOLDERS = Rows("customer_holders", HoldersRow, "customer_id")


async def keep(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Bring the holders up to date. Runs in the consumer's transaction, with the customers locked."""
    own = [envelope for envelope in envelopes if isinstance(envelope.event, Told)]
    rows = await HOLDERS.load(held, [envelope.subject for envelope in own])
    for envelope in own:
        rows[envelope.subject] = after(rows.get(envelope.subject, HoldersRow(envelope.subject)), envelope.event)
    await HOLDERS.save(held, list(rows.values()))


def after(row: HoldersRow, event: Told) -> HoldersRow:
    """Return the holders after one fact. Who becomes owner is no helper any more."""
    match event:
        case OwnerAssigned(owner_id=owner_id, leader_id=leader_id):
            return replace(without_helper(row, owner_id), owner_id=owner_id, leader_id=leader_id)
        case HelperAdded(employee_id=employee_id):
            row = without_helper(row, employee_id)
            return replace(row, helper_ids=[*row.helper_ids, employee_id])
        case HelperRemoved(employee_id=employee_id):
            return without_helper(row, employee_id)
        case Merged(into_customer_id=into_id):
            return replace(row, merged_into=into_id)
        case Unmerged():
            return replace(row, merged_into=None)


def without_helper(row: HoldersRow, employee_id: str) -> HoldersRow:
    return replace(row, helper_ids=[each for each in row.helper_ids if each != employee_id])
