"""Reads and saves employees, and rejects those who have left as new owners."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel

from chassis.commands.holders import employees_left
from chassis.postgres.database import Connection, Pool, connection

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
    INSERT INTO employee (employee_id, name) VALUES ($1, $2)
    ON CONFLICT (employee_id) DO UPDATE SET name = excluded.name
"""
# The name of an employee who is not saved yet is unknown: the id is used instead.
SAVE_PRESENCE = """
    INSERT INTO employee (employee_id, name, left_at, presence_version) VALUES ($1, $1, $2, $3)
    ON CONFLICT (employee_id) DO UPDATE SET presence_version = excluded.presence_version,
        left_at = CASE WHEN excluded.left_at IS NOT NULL THEN coalesce(employee.left_at, excluded.left_at) END
    WHERE employee.presence_version < excluded.presence_version
"""
SAVE_LEADER = """
    INSERT INTO employee (employee_id, name, leader_id, leader_version) VALUES ($1, $1, $2, $3)
    ON CONFLICT (employee_id) DO UPDATE SET leader_id = excluded.leader_id, leader_version = excluded.leader_version
    WHERE employee.leader_version < excluded.leader_version
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

    async def require_present(self, field: str, *employee_ids: str | None) -> None:
        """Raise RejectedError, which names the field, if one of the employees in it has left."""
        named = [each for each in employee_ids if each]
        if named and (gone := await self.left(named)):
            raise employees_left(gone, field)

    async def introduce(self, employee_id: str, name: str) -> None:
        """Save the name of an employee from a file, unless the employee is known already."""
        await self._pool.execute(INTRODUCE, employee_id, name)

    async def save(self, employee_id: str, name: str) -> None:
        """Save the name of an employee. Only this list has names, so the last request counts."""
        await self._pool.execute(SAVE, employee_id, name)

    async def save_presence(self, employee_id: str, left_at: datetime | None, version: int) -> None:
        async with connection(self._pool) as held:
            await save_presence(held, employee_id, left_at, version)

    async def save_leader(self, employee_id: str, leader_id: str | None, version: int) -> None:
        async with connection(self._pool) as held:
            await save_leader(held, employee_id, leader_id, version)


async def save_presence(held: Connection, employee_id: str, left_at: datetime | None, version: int) -> None:
    """Save when the employee left, or that the employee is present, since this version of the employee's stream.

    Guarantee: as for `save_leader`. Who had left already keeps the earlier time.
    """
    await held.execute(SAVE_PRESENCE, employee_id, left_at, version)


async def save_leader(held: Connection, employee_id: str, leader_id: str | None, version: int) -> None:
    """Save the leader that the employee has since this version of the employee's stream.

    Guarantee: the order of the events decides, not that of the calls. What is older than the list changes nothing.
    """
    await held.execute(SAVE_LEADER, employee_id, leader_id, version)
