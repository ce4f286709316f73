"""Contacts, tasks and complaints as REST shows them: their rows, with the words they point to."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from chassis.commands.decision import CLOCK_SKEW
from chassis.store.vault import PersonalData
from contracts.followup import Channel, Direction, Intake, Sentiment, Severity
from contracts.followup.plan import Assignment
from services.followup.domain.complaint import ComplaintState
from services.followup.domain.contact import next_task_id
from services.followup.domain.task import TaskState
from services.followup.projection.followups import ComplaintRow, ContactRow, TaskRow
from services.followup.queries.followups import FollowupQueries

Row = ContactRow | TaskRow | ComplaintRow


class AttachmentView(BaseModel):
    """Something kept elsewhere; its address may have been erased."""

    kind: str
    uri: str | None


class FieldView(BaseModel):
    """What was said in a field; it may have been erased."""

    name: str
    value: bool | int | float | str | None


class ContactView(BaseModel):
    """An interaction with a customer, made for the follow-up `task_id` and leading to `next_task_id`.

    It is `backdated` where it was recorded later than it occurred, by more than clocks may differ.
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


class TaskView(BaseModel):
    """Something owed to a customer. `reason` says why it was last moved or called off."""

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
    completed_by: str | None
    was_on_time: bool | None
    scheduled_at: datetime
    completed_at: datetime | None
    cancelled_at: datetime | None


class ComplaintView(BaseModel):
    """A complaint and how far it has come. `answered_at` is when the first answer was given.

    `verdict` says whether the first closing came of an answer in time; no reopening changes it.
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


def values(row: Row) -> dict[str, Any]:
    """Return a row's columns as they are; `asdict` would copy each."""
    return {field.name: getattr(row, field.name) for field in fields(row)}


async def contact_views(rows: Sequence[ContactRow], queries: FollowupQueries) -> list[ContactView]:
    words = await queries.words(ref for row in rows for ref in (row.content_ref, row.goal_ref, *refs_within(row)))
    return [ContactView.model_validate({**values(row), **contact_words(row, words)}) for row in rows]


def contact_words(row: ContactRow, words: PersonalData) -> dict[str, object]:
    return {
        "id": row.contact_id,
        "content": words.get(row.content_ref),
        "goal": words.get(row.goal_ref),
        "attachments": [{"kind": each["kind"], "uri": words.get(UUID(each["uri_ref"]))} for each in row.attachments],
        "fields": [{"name": each["name"], "value": said(each, words)} for each in row.fields],
        "next_task_id": next_task_id(row.contact_id) if row.next_step else None,
        "backdated": row.recorded_at - row.occurred_at > CLOCK_SKEW,
    }


def said(field: Mapping[str, Any], words: PersonalData) -> Any:
    ref = field["value_ref"]
    return words.get(UUID(ref)) if ref else field["value"]


def refs_within(row: ContactRow) -> list[UUID]:
    refs = [each["uri_ref"] for each in row.attachments] + [each["value_ref"] for each in row.fields]
    return [UUID(ref) for ref in refs if ref]


async def task_views(rows: Sequence[TaskRow], queries: FollowupQueries) -> list[TaskView]:
    return [TaskView.model_validate(said) for said in await tasks_said(rows, queries)]


async def tasks_said(rows: Sequence[TaskRow], queries: FollowupQueries) -> list[dict[str, Any]]:
    words = await queries.words(ref for row in rows for ref in (row.content_ref, row.reason_ref))
    return [{**values(row), "id": row.task_id, **task_words(row, words)} for row in rows]


def task_words(row: TaskRow, words: PersonalData) -> dict[str, str | None]:
    return {"content": words.get(row.content_ref), "reason": words.get(row.reason_ref)}


async def complaint_views(rows: Sequence[ComplaintRow], queries: FollowupQueries) -> list[ComplaintView]:
    return [ComplaintView.model_validate(said) for said in await complaints_said(rows, queries)]


async def complaints_said(rows: Sequence[ComplaintRow], queries: FollowupQueries) -> list[dict[str, Any]]:
    words = await queries.words(ref for row in rows for ref in (row.content_ref, *row.answer_refs))
    return [{**values(row), "id": row.complaint_id, **complaint_words(row, words)} for row in rows]


def complaint_words(row: ComplaintRow, words: PersonalData) -> dict[str, str | list[str] | None]:
    answers = [words[ref] for ref in row.answer_refs if ref in words]
    return {"content": words.get(row.content_ref), "answers": answers}
