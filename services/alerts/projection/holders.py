"""The present owner, leader and helpers of each customer: they may see its alerts, also earlier ones."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts.customer.responsibility import ResponsibilityEvent, evolve_responsibility
from contracts.event import Envelope


@dataclass(frozen=True, slots=True)
class HoldersRow:
    customer_id: UUID
    owner_id: str | None = None
    leader_id: str | None = None
    helper_ids: list[str] = field(default_factory=list)
    # If this is a duplicate: the customer whose holders apply.
    merged_into: UUID | None = None


HOLDERS = Rows("customer_holders", HoldersRow, "customer_id")
DELETE = "DELETE FROM customer_holders WHERE customer_id = ANY($1)"


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Update the holders. Runs in the consumer's transaction, with the customers locked."""
    own = [envelope for envelope in envelopes if isinstance(envelope.event, ResponsibilityEvent)]
    rows = await HOLDERS.load(held, [envelope.subject for envelope in own])
    await HOLDERS.save(held, list(holders_after(rows, own).values()))


async def derive(customer_ids: Collection[UUID], envelopes: Iterable[Envelope[Any]], held: Connection) -> None:
    """Derive the holders of customers from all their events."""
    await held.execute(DELETE, list(customer_ids))
    await HOLDERS.save(held, list(holders_after({}, envelopes).values()))


def holders_after(rows: Mapping[UUID, HoldersRow], envelopes: Iterable[Envelope[Any]]) -> dict[UUID, HoldersRow]:
    """Return the rows after the events."""
    after = dict(rows)
    for envelope in envelopes:
        if isinstance(envelope.event, ResponsibilityEvent):
            row = after.get(envelope.subject, HoldersRow(envelope.subject))
            after[envelope.subject] = evolve_responsibility(row, envelope.event)
    return after
