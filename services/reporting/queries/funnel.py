"""Counts the customers at each stage, and those who entered it within a period."""

from dataclasses import dataclass

from chassis.postgres.database import Connection
from chassis.postgres.visibility import visible
from contracts.customer import Stage
from services.reporting.queries.customers import ENTERED
from services.reporting.queries.period import Period

IN_STAGE = f"""
    SELECT c.stage, count(*) AS customers FROM customer c
    WHERE c.merged_into IS NULL AND {visible("c.customer_id", "customer", "$1")} GROUP BY c.stage
"""  # noqa: S608 - fixed text
ENTERED_IN_PERIOD = f"""
    SELECT e.stage, count(DISTINCT e.customer_id) AS customers
    FROM ({ENTERED.format(begins_at="$2::timestamptz", ends_at="$3::timestamptz")}) e
    WHERE e.customer_id NOT IN (SELECT d.customer_id FROM customer d WHERE d.merged_into IS NOT NULL)
      AND {visible("e.customer_id", "customer", "$1")} GROUP BY e.stage
"""  # noqa: S608 - fixed text


@dataclass(frozen=True, slots=True)
class StageCount:
    stage: Stage
    customers: int
    entered: int


async def count(held: Connection, period: Period, visible_to: str | None) -> list[StageCount]:
    """Return every stage in lifecycle order, also those without customers."""
    in_stage = {row["stage"]: row["customers"] for row in await held.fetch(IN_STAGE, visible_to)}
    entered = await held.fetch(ENTERED_IN_PERIOD, visible_to, period.begins_at, period.ends_at)
    entered_by_stage = {row["stage"]: row["customers"] for row in entered}
    return [StageCount(stage, in_stage.get(stage, 0), entered_by_stage.get(stage, 0)) for stage in Stage]
