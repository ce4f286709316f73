"""Who does what a step of a plan asks for: the owner, the next of a team, or whoever of it has least to do."""

from typing import assert_never

from chassis.database import Pool
from contracts.followup.plan import Assignment, PlanStep
from services.followup.customers import CustomerRef

TURN = """
    INSERT INTO plan_turn (template, step, turn) VALUES ($1, $2, 1)
    ON CONFLICT (template, step) DO UPDATE SET turn = plan_turn.turn + 1 RETURNING turn
"""
LEAST = """
    SELECT team.id FROM unnest($1::text[]) WITH ORDINALITY AS team(id, place)
    LEFT JOIN task ON task.assignee_id = team.id AND task.state = 'open'
    GROUP BY team.id, team.place ORDER BY count(task.task_id), team.place LIMIT 1
"""


async def assignee(pool: Pool, template: str, step: PlanStep, customer: CustomerRef) -> str | None:
    """Return who is to do it; None as long as the customer has no owner to do it."""
    match step.assign:
        case Assignment.OWNER:
            return customer.owner_id
        case Assignment.ROUND_ROBIN:
            turn: int = await pool.fetchval(TURN, template, step.name)
            return step.team[(turn - 1) % len(step.team)]
        case Assignment.LEAST_LOADED:
            # As the list of tasks shows it: what was given out within the last moments may not be counted yet.
            found: str = await pool.fetchval(LEAST, list(step.team))
            return found
        case other:
            assert_never(other)
