"""Queries for the findings of the mode guards."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from chassis.postgres.database import Pool, fetch_planned
from contracts.customer import Mode, Stage
from contracts.followup import Guard
from services.followup.projection.guards import GuardRow
from services.followup.queries.paging import VISIBLE, SortKey, columns_of, one_more

# Names come from our own class, never from a request.
LIST = f"""
    SELECT {columns_of(GuardRow)} FROM guard
    WHERE ($2::timestamptz IS NULL OR (tripped_at, id) < ($2, $3::uuid))
      AND ($4::uuid IS NULL OR customer_id = $4)
      AND ($5::text IS NULL OR guard = $5)
      AND ($6::boolean IS NULL OR (cleared_at IS NULL) = $6)
      AND {VISIBLE}
    ORDER BY tripped_at DESC, id DESC LIMIT $7
"""  # noqa: S608


class GuardState(StrEnum):
    OPEN = "open"
    CLEARED = "cleared"


class GuardView(BaseModel):
    """A finding of a guard: the contacts, the threshold that they reached, and the customer's stage at that time."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    customer_id: UUID
    guard: Guard
    number: int
    stage: Stage
    mode: Mode | None
    contact_ids: list[UUID]
    employee_ids: list[str]
    at_least: int
    within_days: int
    since: datetime
    owner_id: str | None
    leader_id: str | None
    tripped_at: datetime
    cleared_at: datetime | None


@dataclass(frozen=True, slots=True)
class GuardFilters:
    """The filters of the list. `visible_to` restricts it to what one employee may see."""

    visible_to: str | None
    customer_id: UUID | None = None
    guard: Guard | None = None
    state: GuardState | None = None


class GuardQueries:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(self, filters: GuardFilters, after: SortKey | None, limit: int) -> list[GuardRow]:
        """Return up to `limit` + 1 findings, the latest first."""
        at, row_id = after or (None, None)
        is_open = None if filters.state is None else filters.state == GuardState.OPEN
        given = (filters.visible_to, at, row_id, filters.customer_id, filters.guard, is_open, one_more(limit))
        return [GuardRow(**row) for row in await fetch_planned(self._pool, LIST, *given)]
