"""Reads handovers: one, or a list."""

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from chassis.postgres.database import Pool, fetch_planned
from chassis.store.vault_reader import read_personal_data
from contracts.customer import ChecklistItem, EndingContract
from services.customer.projection.handovers import HandoverRow, HandoverState

COLUMNS = ", ".join(f"h.{field.name}" for field in fields(HandoverRow))
# Names come from our own classes, never from a request.
LIST = f"""
    SELECT {COLUMNS}, v.value AS note FROM handover h LEFT JOIN vault v ON v.id = h.note_ref
    WHERE ($1::uuid IS NULL OR h.customer_id > $1)
      AND ($2::text IS NULL OR h.state = $2)
      AND ($3::text IS NULL OR h.from_owner_id = $3)
      AND ($4::text IS NULL OR h.to_owner_id = $4)
      AND ($5::text IS NULL OR $5 IN (h.from_owner_id, h.to_owner_id, h.to_leader_id))
      AND ($6::uuid IS NULL OR h.batch_id = $6)
    ORDER BY h.customer_id LIMIT $7
"""  # noqa: S608


class HandoverView(BaseModel):
    """The open handover of a customer, or the last one."""

    customer_id: UUID
    version: int
    state: HandoverState
    batch_id: UUID | None
    from_owner_id: str | None
    to_owner_id: str
    to_leader_id: str | None
    reason: str
    checklist: list[ChecklistItem]
    contracts: list[EndingContract]
    note: str | None
    started_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class HandoverFilters:
    """The filters of the list. `visible_to` restricts it to handovers from, to or led by one employee."""

    state: str | None = None
    from_owner_id: str | None = None
    to_owner_id: str | None = None
    visible_to: str | None = None
    batch_id: UUID | None = None


class HandoverQueries:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def view(self, row: HandoverRow) -> HandoverView:
        note = (await read_personal_data(self._pool, [row.note_ref])).get(row.note_ref)
        return HandoverView(**{field.name: getattr(row, field.name) for field in fields(row)}, note=note)

    async def page(self, filters: HandoverFilters, after: UUID | None, limit: int) -> list[HandoverView]:
        """Return up to `limit` + 1 handovers in the order of their customers' ids."""
        values = filters.state, filters.from_owner_id, filters.to_owner_id, filters.visible_to, filters.batch_id
        rows = await fetch_planned(self._pool, LIST, after, *values, limit + 1)
        return [HandoverView(**row) for row in rows]
