"""Reads the mutes of a customer."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from chassis.postgres.database import Pool
from chassis.store.vault_reader import read_personal_data

OF_CUSTOMER = """
    SELECT rule_id, muted_until, reason_ref, muted_by, muted_at FROM mute
    WHERE customer_id = $1 AND (muted_until IS NULL OR muted_until > now()) ORDER BY rule_id
"""


class MuteView(BaseModel):
    """A mute in force; without `muted_until` it has no end. `reason` is null if it has been erased."""

    rule_id: str
    muted_until: datetime | None
    muted_by: str
    muted_at: datetime
    reason: str | None


class Mutes(BaseModel):
    items: list[MuteView]


async def mutes_of(pool: Pool, customer_id: UUID) -> Mutes:
    rows = await pool.fetch(OF_CUSTOMER, customer_id)
    words = await read_personal_data(pool, [row["reason_ref"] for row in rows])
    return Mutes(items=[MuteView(**dict(row), reason=words.get(row["reason_ref"])) for row in rows])
