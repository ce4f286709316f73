"""Queries for complaints, with their texts from the vault."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from chassis.postgres.database import Pool, fetch_planned
from chassis.store.vault import PersonalData
from chassis.store.vault_reader import read_personal_data
from contracts.followup import Channel, Intake, Severity
from services.followup.domain.complaint import SETTLED, UNANSWERED, ComplaintState
from services.followup.projection.complaints import ComplaintRow
from services.followup.queries.paging import OF_CUSTOMER, OWN_CUSTOMERS, SortKey, columns_of, one_more, values_of

# Names come from our own class, never from a request.
LIST = f"""
    SELECT {columns_of(ComplaintRow)} FROM complaint
    WHERE ($2::timestamptz IS NULL OR (raised_at, complaint_id) < ($2, $3::uuid))
      AND ($4::uuid IS NULL OR customer_id = {OF_CUSTOMER})
      AND ($5::text IS NULL OR owner_id = $5)
      AND ($6::text IS NULL OR state = $6)
      AND ($1::text IS NULL OR owner_id = $1 OR customer_id = {OWN_CUSTOMERS})
      AND (NOT $7::boolean OR (state <> ALL($9) AND (resolve_by < now() OR (state = ANY($10) AND answer_by < now()))))
    ORDER BY raised_at DESC, complaint_id DESC LIMIT $8
"""  # noqa: S608


class ComplaintView(BaseModel):
    """A complaint and its state. `answered_at` is the time of the first answer.

    `verdict` says whether the complaint was resolved in time when it was first closed; no reopening changes it.
    """

    id: UUID
    version: int
    customer_id: UUID
    owner_id: str
    state: ComplaintState
    channel: Channel
    severity: Severity
    topic: str | None
    content: str | None
    answers: list[str]
    resolution: str | None
    raised_at: datetime
    answered_at: datetime | None
    confirmed_at: datetime | None
    closed_at: datetime | None
    category: str | None
    product: str | None
    tier: str | None
    calendar: str | None
    calendar_number: int | None
    answer_by: datetime | None
    resolve_by: datetime | None
    is_provisional: bool
    pause_reason: str | None
    communicated_at: datetime | None
    consent_at: datetime | None
    was_answered_in_time: bool | None
    was_resolved_in_time: bool | None
    first_closed_at: datetime | None
    verdict: bool | None
    reopened_times: int
    first_id: UUID | None
    repeat_number: int | None
    escalation_level: int
    policy_number: int | None
    intake: Intake | None
    partner: str | None


@dataclass(frozen=True, slots=True)
class ComplaintFilters:
    """The filters of the list. `visible_to` restricts it to what one employee may see."""

    visible_to: str | None
    customer_id: UUID | None = None
    owner_id: str | None = None
    state: str | None = None
    overdue: bool = False


class ComplaintQueries:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(self, filters: ComplaintFilters, after: SortKey | None, limit: int) -> list[ComplaintRow]:
        """Return up to `limit` + 1 complaints, the latest first."""
        at, complaint_id = after or (None, None)
        parameters = (filters.customer_id, filters.owner_id, filters.state, filters.overdue, one_more(limit))
        states = (list(SETTLED), list(UNANSWERED))
        rows = await fetch_planned(self._pool, LIST, filters.visible_to, at, complaint_id, *parameters, *states)
        return [ComplaintRow(**row) for row in rows]

    async def views(self, rows: Sequence[ComplaintRow]) -> list[ComplaintView]:
        """Return the rows with their text from the vault."""
        return [ComplaintView.model_validate(values) for values in await self.values(rows)]

    async def values(self, rows: Sequence[ComplaintRow]) -> list[dict[str, Any]]:
        """Return the values of the views of the rows."""
        refs = (ref for row in rows for ref in (row.content_ref, *row.answer_refs))
        words = await read_personal_data(self._pool, refs)
        return [
            values_of(row)
            | {"id": row.complaint_id, "content": words.get(row.content_ref), "answers": answers_of(row, words)}
            for row in rows
        ]


def answers_of(row: ComplaintRow, words: PersonalData) -> list[str]:
    """Return the answers whose text has not been erased."""
    return [words[ref] for ref in row.answer_refs if ref in words]
