"""Queries for contacts, with their texts from the vault."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from chassis.commands.decision import CLOCK_SKEW
from chassis.postgres.database import Pool, fetch_planned
from chassis.store.vault import PersonalData
from chassis.store.vault_reader import read_personal_data
from contracts.followup import Channel, Direction, Sentiment
from services.followup.domain.contact import next_task_id
from services.followup.projection.contacts import ContactRow
from services.followup.queries.paging import OF_CUSTOMER, VISIBLE, SortKey, columns_of, one_more, values_of

# Names come from our own class, never from a request.
LIST = f"""
    SELECT {columns_of(ContactRow)} FROM contact
    WHERE ($2::timestamptz IS NULL OR (occurred_at, contact_id) < ($2, $3::uuid))
      AND ($4::uuid IS NULL OR customer_id = {OF_CUSTOMER})
      AND ($5::text IS NULL OR employee_id = $5)
      AND {VISIBLE}
    ORDER BY occurred_at DESC, contact_id DESC LIMIT $6
"""  # noqa: S608


class AttachmentView(BaseModel):
    """A file kept elsewhere. `uri` is null after an erasure."""

    kind: str
    uri: str | None


class FieldView(BaseModel):
    """The value of one form field. `value` is null after an erasure."""

    name: str
    value: bool | int | float | str | None


class ContactView(BaseModel):
    """An interaction with a customer, made for the follow-up `task_id` and leading to `next_task_id`.

    `backdated` is true where it was recorded later than it occurred, by more than the tolerance for clocks.
    """

    id: UUID
    version: int
    customer_id: UUID
    channel: Channel
    direction: Direction
    employee_id: str
    automated: bool
    purpose: str | None
    outcome: str | None
    content: str | None
    task_id: UUID | None
    goal: str | None
    sentiment: Sentiment | None
    key_contact_id: UUID | None
    attachments: list[AttachmentView]
    next_step: str | None
    next_step_due_at: datetime | None
    next_task_id: UUID | None
    form_number: int | None
    fields: list[FieldView]
    backdated: bool
    occurred_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ContactFilters:
    """The filters of the list. `visible_to` restricts it to what one employee may see."""

    visible_to: str | None
    customer_id: UUID | None = None
    employee_id: str | None = None


class ContactQueries:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(self, filters: ContactFilters, after: SortKey | None, limit: int) -> list[ContactRow]:
        """Return up to `limit` + 1 contacts, the latest first."""
        at, contact_id = after or (None, None)
        parameters = (filters.visible_to, at, contact_id, filters.customer_id, filters.employee_id)
        return [ContactRow(**row) for row in await fetch_planned(self._pool, LIST, *parameters, one_more(limit))]

    async def views(self, rows: Sequence[ContactRow]) -> list[ContactView]:
        """Return the rows with their text from the vault."""
        refs = (ref for row in rows for ref in (row.content_ref, row.goal_ref, *refs_within(row)))
        words = await read_personal_data(self._pool, refs)
        return [ContactView.model_validate({**values_of(row), **view_values(row, words)}) for row in rows]


def view_values(row: ContactRow, words: PersonalData) -> dict[str, object]:
    """Return the values of a view that are not columns of its row."""
    return {
        "id": row.contact_id,
        "content": words.get(row.content_ref),
        "goal": words.get(row.goal_ref),
        "attachments": [{"kind": each["kind"], "uri": words.get(UUID(each["uri_ref"]))} for each in row.attachments],
        "fields": [{"name": each["name"], "value": field_value(each, words)} for each in row.fields],
        "next_task_id": next_task_id(row.contact_id) if row.next_step else None,
        "backdated": row.recorded_at - row.occurred_at > CLOCK_SKEW,
    }


def field_value(field: Mapping[str, Any], words: PersonalData) -> Any:
    ref = field["value_ref"]
    return words.get(UUID(ref)) if ref else field["value"]


def refs_within(row: ContactRow) -> list[UUID]:
    refs = [each["uri_ref"] for each in row.attachments] + [each["value_ref"] for each in row.fields]
    return [UUID(ref) for ref in refs if ref]
