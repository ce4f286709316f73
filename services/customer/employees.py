"""Reads and saves employees, and rejects those who have left as new owners."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel

from chassis.commands.holders import employees_left
from chassis.postgres.database import Pool

COLUMNS = "employee_id AS id, name, leader_id, left_at, left_at IS NOT NULL AS has_left"
ALL = f"SELECT {COLUMNS} FROM employee ORDER BY employee_id"  # noqa: S608
ONE = f"SELECT {COLUMNS} FROM employee WHERE employee_id = $1"  # noqa: S608
# An employee who has left is no leader; a leader need not be recorded as an employee.
LEADER = """
    SELECT e.leader_id FROM employee e LEFT JOIN employee leader ON leader.employee_id = e.leader_id
    WHERE e.employee_id = $1 AND leader.left_at IS NULL
"""
LEFT = "SELECT employee_id FROM employee WHERE employee_id = ANY($1) AND left_at IS NOT NULL ORDER BY employee_id"
SAVE = """
    INSERT INTO employee (employee_id, name, leader_id, left_at)
    VALUES ($1, $2, $3, CASE WHEN $4::boolean THEN now() END)
    ON CONFLICT (employee_id) DO UPDATE SET name = excluded.name,
        leader_id = CASE WHEN NOT $5 THEN coalesce(excluded.leader_id, employee.leader_id) END,
        left_at = CASE WHEN $4 IS NULL THEN employee.left_at WHEN $4 THEN coalesce(employee.left_at, now()) END
"""
INTRODUCE = "INSERT INTO employee (employee_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING"


class EmployeeView(BaseModel):
    id: str
    name: str
    leader_id: str | None
    has_left: bool
    left_at: datetime | None


class Employees:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def all(self) -> list[EmployeeView]:
        return [EmployeeView(**row) for row in await self._pool.fetch(ALL)]

    async def one(self, employee_id: str) -> EmployeeView | None:
        row = await self._pool.fetchrow(ONE, employee_id)
        return EmployeeView(**row) if row else None

    async def leader_of(self, employee_id: str) -> str | None:
        """Return the leader of the employee, if the leader is known and has not left."""
        leader_id: str | None = await self._pool.fetchval(LEADER, employee_id)
        return leader_id

    async def left(self, employee_ids: Iterable[str]) -> list[str]:
        """Return those employees who have left."""
        return [row["employee_id"] for row in await self._pool.fetch(LEFT, list(employee_ids))]

    async def require_present(self, *employee_ids: str | None) -> None:
        """Raise RejectedError if one of the employees has left."""
        if gone := await self.left([each for each in employee_ids if each]):
            raise employees_left(gone)

    async def introduce(self, employee_id: str, name: str) -> None:
        """Save the name of an employee from a file, unless the employee is known already."""
        await self._pool.execute(INTRODUCE, employee_id, name)

    async def save(
        self,
        employee_id: str,
        name: str,
        leader_id: str | None = None,
        *,
        has_left: bool | None = None,
        has_no_leader: bool = False,
    ) -> None:
        """Save an employee; an absent leader or `has_left` stays as it is. `has_no_leader` deletes the leader."""
        await self._pool.execute(SAVE, employee_id, name, leader_id, has_left, has_no_leader)
