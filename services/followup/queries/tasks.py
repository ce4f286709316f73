"""Queries for follow-up tasks, with their texts from the vault."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from chassis.postgres.database import Pool, fetch_planned
from chassis.store.vault_reader import read_personal_data
from contracts.followup import Channel
from contracts.followup.plan import Assignment
from services.followup.domain.task import TaskState
from services.followup.projection.tasks import TaskRow
from services.followup.queries.paging import OF_CUSTOMER, OWN_CUSTOMERS, SortKey, columns_of, one_more, values_of

# Names come from our own class, never from a request.
LIST = f"""
    SELECT {columns_of(TaskRow)} FROM task
    WHERE ($2::timestamptz IS NULL OR (due_at, task_id) > ($2, $3::uuid))
      AND ($4::uuid IS NULL OR customer_id = {OF_CUSTOMER})
      AND ($5::text IS NULL OR assignee_id = $5)
      AND ($6::text IS NULL OR state = $6)
      AND ($7::timestamptz IS NULL OR due_at < $7)
      AND ($1::text IS NULL OR assignee_id = $1 OR customer_id = {OWN_CUSTOMERS})
    ORDER BY due_at, task_id LIMIT $8
"""  # noqa: S608


class TaskView(BaseModel):
    """A follow-up task. `reason` is that of the last rescheduling or of the cancellation."""

    id: UUID
    version: int
    customer_id: UUID
    assignee_id: str
    state: TaskState
    due_at: datetime
    purpose: str | None
    content: str | None
    reason: str | None
    outcome: str | None
    channel: Channel | None
    plan_id: UUID | None
    plan_step: str | None
    calendar: str | None
    calendar_number: int | None
    assignment: Assignment | None
    stands_in_for: str | None
    alert_id: UUID | None
    alert_rule: str | None
    completed_by: str | None
    was_on_time: bool | None
    scheduled_at: datetime
    completed_at: datetime | None
    cancelled_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskFilters:
    """The filters of the list. `visible_to` restricts it to what one employee may see."""

    visible_to: str | None
    customer_id: UUID | None = None
    assignee_id: str | None = None
    state: str | None = None
    due_before: datetime | None = None


class TaskQueries:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(self, filters: TaskFilters, after: SortKey | None, limit: int) -> list[TaskRow]:
        """Return up to `limit` + 1 tasks, by due time."""
        at, task_id = after or (None, None)
        parameters = (filters.customer_id, filters.assignee_id, filters.state, filters.due_before, one_more(limit))
        return [
            TaskRow(**row)
            for row in await fetch_planned(self._pool, LIST, filters.visible_to, at, task_id, *parameters)
        ]

    async def views(self, rows: Sequence[TaskRow]) -> list[TaskView]:
        """Return the rows with their text from the vault."""
        return [TaskView.model_validate(values) for values in await self.values(rows)]

    async def values(self, rows: Sequence[TaskRow]) -> list[dict[str, Any]]:
        """Return the values of the views of the rows."""
        refs = (ref for row in rows for ref in (row.content_ref, row.reason_ref))
        words = await read_personal_data(self._pool, refs)
        return [
            values_of(row)
            | {"id": row.task_id, "content": words.get(row.content_ref), "reason": words.get(row.reason_ref)}
            for row in rows
        ]
