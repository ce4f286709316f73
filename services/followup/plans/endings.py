"""Stored endings: plans that have ended, whose event and open tasks are still to be settled by the timer."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from pydantic import TypeAdapter

from chassis.postgres.database import Connection, Pool
from services.followup.plans.memory import COLUMNS, plans
from services.followup.plans.plan_row import PlanRow
from services.followup.plans.sender import Cause

CAUSE = TypeAdapter(Cause)
SAVE = """
    INSERT INTO plan_ending (plan_id, cause) SELECT * FROM unnest($1::uuid[], $2::jsonb[]) ON CONFLICT DO NOTHING
"""
NEXT = f"""
    SELECT {COLUMNS}, cause FROM plan JOIN plan_ending USING (plan_id) ORDER BY ending_number LIMIT $1
"""  # noqa: S608
DELETE = "DELETE FROM plan_ending WHERE plan_id = $1"


async def save(held: Connection, causes: Mapping[UUID, Cause]) -> None:
    if causes:
        await held.execute(SAVE, list(causes), [CAUSE.dump_python(each, mode="json") for each in causes.values()])


async def following(pool: Pool, limit: int) -> Sequence[tuple[PlanRow, Cause]]:
    """Return the next plans to settle, each with the cause of its end."""
    rows = [dict(row) for row in await pool.fetch(NEXT, limit)]
    causes = [CAUSE.validate_python(row.pop("cause")) for row in rows]
    return list(zip(plans(rows), causes, strict=True))


async def delete(pool: Pool, plan_id: UUID) -> None:
    await pool.execute(DELETE, plan_id)
