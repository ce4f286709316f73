"""What can be read about contacts, tasks and complaints: their lists, and the words that belong to them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.http.paging import MAX_LIMIT
from chassis.postgres.database import Pool
from chassis.postgres.visibility import customers_of, ids_of, visible
from chassis.store.vault import PersonalData
from chassis.store.vault_reader import read_personal_data
from services.followup.domain.complaint import SETTLED, UNANSWERED
from services.followup.projection.followups import ComplaintRow, ContactRow, TaskRow

# Parameters: $1 is the reader, $4 the customer.
VISIBLE = visible("customer_id", "customer_ref", "$1")
OWN_CUSTOMERS = customers_of("customer_ref", "$1")
OF_CUSTOMER = ids_of("customer_ref", "$4::uuid")


def listed(row_class: type[Any]) -> str:
    return ", ".join(field.name for field in fields(row_class))


# Names come from our own classes, never from a request.
CONTACTS = f"""
    SELECT {listed(ContactRow)} FROM contact
    WHERE ($2::timestamptz IS NULL OR (occurred_at, contact_id) < ($2, $3::uuid))
      AND ($4::uuid IS NULL OR customer_id = {OF_CUSTOMER})
      AND ($5::text IS NULL OR employee_id = $5)
      AND {VISIBLE}
    ORDER BY occurred_at DESC, contact_id DESC LIMIT $6
"""  # noqa: S608
TASKS = f"""
    SELECT {listed(TaskRow)} FROM task
    WHERE ($2::timestamptz IS NULL OR (due_at, task_id) > ($2, $3::uuid))
      AND ($4::uuid IS NULL OR customer_id = {OF_CUSTOMER})
      AND ($5::text IS NULL OR assignee_id = $5)
      AND ($6::text IS NULL OR state = $6)
      AND ($7::timestamptz IS NULL OR due_at < $7)
      AND ($1::text IS NULL OR assignee_id = $1 OR customer_id = {OWN_CUSTOMERS})
    ORDER BY due_at, task_id LIMIT $8
"""  # noqa: S608
COMPLAINTS = f"""
    SELECT {listed(ComplaintRow)} FROM complaint
    WHERE ($2::timestamptz IS NULL OR (raised_at, complaint_id) < ($2, $3::uuid))
      AND ($4::uuid IS NULL OR customer_id = {OF_CUSTOMER})
      AND ($5::text IS NULL OR owner_id = $5)
      AND ($6::text IS NULL OR state = $6)
      AND ($1::text IS NULL OR owner_id = $1 OR customer_id = {OWN_CUSTOMERS})
      AND (NOT $7::boolean OR (state <> ALL($9) AND (resolve_by < now() OR (state = ANY($10) AND answer_by < now()))))
    ORDER BY raised_at DESC, complaint_id DESC LIMIT $8
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to. `visible_to` restricts it to what one employee may see."""

    customer_id: UUID | None = None
    employee_id: str | None = None
    state: str | None = None
    due_before: datetime | None = None
    visible_to: str | None = None
    overdue: bool = False
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list goes on: behind the row of this time and id."""

    at: datetime
    id: UUID


class FollowupQueries:
    """Lists return up to `limit` + 1 rows, so that the caller can tell whether there are more."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @property
    def pool(self) -> Pool:
        return self._pool

    async def contacts(self, filters: Filters, after: Place | None, limit: int) -> list[ContactRow]:
        """Return contacts, the latest first."""
        rows = await self._pool.fetch(CONTACTS, *head(filters, after), one_more(limit))
        return [ContactRow(**row) for row in rows]

    async def tasks(self, filters: Filters, after: Place | None, limit: int) -> list[TaskRow]:
        """Return tasks, what is due first coming first."""
        narrowed = (filters.state, filters.due_before)
        rows = await self._pool.fetch(TASKS, *head(filters, after), *narrowed, one_more(limit))
        return [TaskRow(**row) for row in rows]

    async def complaints(self, filters: Filters, after: Place | None, limit: int) -> list[ComplaintRow]:
        """Return complaints, the latest first."""
        narrowed = (filters.state, filters.overdue, one_more(limit), list(SETTLED), list(UNANSWERED))
        rows = await self._pool.fetch(COMPLAINTS, *head(filters, after), *narrowed)
        return [ComplaintRow(**row) for row in rows]

    async def words(self, refs: Iterable[UUID | None]) -> PersonalData:
        return await read_personal_data(self._pool, refs)


def head(filters: Filters, after: Place | None) -> Sequence[object]:
    at, row_id = (after.at, after.id) if after else (None, None)
    return filters.visible_to, at, row_id, filters.customer_id, filters.employee_id


def one_more(limit: int) -> int:
    return min(limit, MAX_LIMIT) + 1
