"""Reads the open complaints of a customer."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from chassis.postgres.database import Connection
from chassis.postgres.visibility import ids_of

OPEN = f"""
    SELECT complaint_id AS id, owner_id, channel, severity, topic, category, product, intake, partner,
        raised_at, answered_at, answered_by, answers, answer_by, resolve_by, was_answered_in_time, communicated_at,
        confirmed_at, consented_at, paused_at, reopened_times, first_id, repeat_number, escalation_level
    FROM complaint WHERE customer_id = {ids_of("customer", "$1::uuid")}
      AND closed_at IS NULL ORDER BY raised_at, complaint_id LIMIT $2
"""  # noqa: S608 - fixed text


class ComplaintView(BaseModel):
    """An open complaint. `answered_at` is the first answer; nothing is due while it is paused (`paused_at`)."""

    id: UUID
    owner_id: str
    channel: str
    severity: str
    topic: str | None
    category: str | None
    product: str | None
    intake: str | None
    partner: str | None
    raised_at: datetime
    answered_at: datetime | None
    answered_by: str | None
    answers: int
    answer_by: datetime | None
    resolve_by: datetime | None
    was_answered_in_time: bool | None
    communicated_at: datetime | None
    confirmed_at: datetime | None
    consented_at: datetime | None
    paused_at: datetime | None
    reopened_times: int
    first_id: UUID | None
    repeat_number: int | None
    escalation_level: int


async def open_complaints_of(held: Connection, customer_id: UUID, limit: int) -> list[ComplaintView]:
    return [ComplaintView(**row) for row in await held.fetch(OPEN, customer_id, limit)]
