"""Assignment of work for plans, complaints and requests.

Work goes to the owner or the stand-in, to the next member of a team, or to the member with the least open work.
Members who are absent when the work is due are skipped, unless all are absent.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from chassis.postgres.database import Pool
from contracts.followup.plan import Assignment

TURN = """
    INSERT INTO plan_turn (template, step, turn) VALUES ($1, $2, 1)
    ON CONFLICT (template, step) DO UPDATE SET turn = plan_turn.turn + 1 RETURNING turn
"""
LEAST = """
    SELECT team.id FROM unnest($1::text[]) WITH ORDINALITY AS team(id, place)
    ORDER BY (SELECT count(*) FROM task WHERE assignee_id = team.id AND state = 'open')
        + (SELECT count(*) FROM complaint
            WHERE owner_id = team.id AND state NOT IN ('confirmed', 'consented', 'closed')), place
    LIMIT 1
"""
AWAY = """
    SELECT employee_id, stand_in_id FROM absence
    WHERE employee_id = ANY($1) AND cancelled_at IS NULL AND starts_at <= $2 AND ends_at > $2
    UNION ALL SELECT employee_id, NULL FROM leaver WHERE employee_id = ANY($1) AND left_at > returned_at
"""


@dataclass(frozen=True, slots=True)
class Work:
    """The work to assign. `turn` is the key of its round robin."""

    assign: Assignment
    team: Sequence[str]
    turn: tuple[str, str]
    due_at: datetime
    owner_id: str | None


@dataclass(frozen=True, slots=True)
class Assignee:
    """The assignee, the applied rule, and the absent employee whose stand-in it is, if any."""

    employee_id: str
    assignment: Assignment
    stands_in_for: str | None = None


async def find_assignee(pool: Pool, work: Work) -> Assignee | None:
    """Return the assignee; None if the owner should do it and the customer has no owner.

    It is found in the read models, which may lag behind the latest assignments and absences.
    """
    match work.assign:
        case Assignment.OWNER:
            return await owner_or_stand_in(pool, work)
        case Assignment.ROUND_ROBIN:
            turn: int = await pool.fetchval(TURN, *work.turn)
            candidates = present(work.team, await away(pool, work.team, work.due_at))
            return Assignee(in_turn(candidates, turn), work.assign)
        case Assignment.LEAST_LOADED:
            candidates = present(work.team, await away(pool, work.team, work.due_at))
            least: str = await pool.fetchval(LEAST, list(candidates))
            return Assignee(least, work.assign)
        case other:
            assert_never(other)


async def owner_or_stand_in(pool: Pool, work: Work) -> Assignee | None:
    owner_id = work.owner_id
    if owner_id is None:
        return None
    stand_in_id = (await away(pool, [owner_id], work.due_at)).get(owner_id)
    if stand_in_id is None or await away(pool, [stand_in_id], work.due_at):
        return Assignee(owner_id, work.assign)
    return Assignee(stand_in_id, work.assign, stands_in_for=owner_id)


async def away(pool: Pool, people: Sequence[str], at: datetime) -> Mapping[str, str | None]:
    """Return which of these employees are absent at `at` or have left, each with the stand-in."""
    rows = await pool.fetch(AWAY, list(people), at)
    return {row["employee_id"]: row["stand_in_id"] for row in rows}


def present(team: Sequence[str], away: Mapping[str, str | None]) -> Sequence[str]:
    """Return the members who are present; all members where none is, so that work always has an assignee."""
    return [each for each in team if each not in away] or team


def in_turn(candidates: Sequence[str], turn: int) -> str:
    """Return the member whose turn it is, counted from 1."""
    return candidates[(turn - 1) % len(candidates)]


def turn_of(team: Sequence[str]) -> str:
    """Return the key of a team's round robin, which has the same length for every team."""
    return hashlib.sha256("\n".join(team).encode()).hexdigest()
