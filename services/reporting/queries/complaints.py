"""The complaints of a customer that are still open."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from chassis.database import Connection

OPEN = """
    SELECT complaint_id AS id, owner_id, channel, severity, topic, raised_at, answered_at, answered_by, answers,
        confirmed_at
    FROM complaint WHERE customer_id = $1 AND closed_at IS NULL ORDER BY raised_at, complaint_id LIMIT $2
"""


class ComplaintView(BaseModel):
    """An open complaint. `answered_at` is the first answer."""

    id: UUID
    owner_id: str
    channel: str
    severity: str
    topic: str | None
    raised_at: datetime
    answered_at: datetime | None
    answered_by: str | None
    answers: int
    confirmed_at: datetime | None


async def still_open(held: Connection, customer_id: UUID, limit: int) -> list[ComplaintView]:
    return [ComplaintView(**row) for row in await held.fetch(OPEN, customer_id, limit)]
