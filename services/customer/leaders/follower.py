"""Gives the customers of an employee the employee's new leader, unless their leader was stated.

An employee may own very many customers, so a timer does it in parts, and each part continues where the last one ended.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
import structlog

from chassis.commands.command import Context
from chassis.commands.command_handler import CommandHandler
from chassis.commands.decider import RejectedError
from chassis.postgres.database import Pool
from chassis.runtime.clock import Clock, utc_now
from services.customer.actor import ACTOR
from services.customer.commands import FollowOwnersLeader
from services.customer.domain import Customer
from services.customer.employees import Employees
from services.customer.leaders import changes
from services.customer.leaders.changes import BEGINNING, LeaderChange

EMPLOYEES_AT_ONCE = 20
# Customers of one employee before it is another employee's turn.
PART = 100
CONCURRENCY = 4
PAUSE = timedelta(minutes=1)


class LeaderFollower:
    """A timer calls `run_due`. A step that is repeated appends nothing.

    Guarantee: a change is finished when a pass finds no customer to change. Until then another pass follows, so a
    customer that could not be changed delays no other customer and is tried again. A customer that gets a former leader
    afterwards makes the change due again (`changes.apply`).
    """

    def __init__(
        self, pool: Pool, customers: CommandHandler[Customer], employees: Employees, clock: Clock = utc_now
    ) -> None:
        self._pool = pool
        self._customers = customers
        self._employees = employees
        self._clock = clock
        self._slots = asyncio.Semaphore(CONCURRENCY)

    async def run_due(self) -> int:
        """Change the next customers of each employee with a new leader; return how many employees there were."""
        due = await changes.next_changes(self._pool, self._clock(), EMPLOYEES_AT_ONCE)
        for change in due:
            await self._continue(change)
        return len(due)

    async def _continue(self, change: LeaderChange) -> None:
        now, leader_id = self._clock(), await self._employees.leader_of(change.employee_id)
        found = await changes.to_change(self._pool, change, leader_id, PART)
        await self._follow_all(change, found, leader_id)
        if len(found) == PART:
            await changes.continue_after(self._pool, change, found[-1]["customer_id"], now)
        elif found or change.after != BEGINNING:
            await changes.continue_after(self._pool, change, BEGINNING, now + PAUSE)
        else:
            await changes.finish(self._pool, change)

    async def _follow_all(self, change: LeaderChange, found: Sequence[asyncpg.Record], leader_id: str | None) -> None:
        """Change these customers. One that fails is left to the next pass.

        This includes time-outs. If the database is unavailable for all, the caller's next statement fails.
        """
        steps = (self._follow(change, row, leader_id) for row in found)
        for row, error in zip(found, await asyncio.gather(*steps, return_exceptions=True), strict=True):
            if error and not isinstance(error, Exception):
                raise error
            if error and not isinstance(error, RejectedError):
                structlog.get_logger().warning(
                    "leader.failed", customer_id=str(row["customer_id"]), reason=type(error).__name__
                )

    async def _follow(self, change: LeaderChange, row: asyncpg.Record, leader_id: str | None) -> None:
        customer_id, version, from_leader_id = row
        command = FollowOwnersLeader(owner_id=change.employee_id, from_leader_id=from_leader_id, leader_id=leader_id)
        async with self._slots:
            await self._customers.handle(customer_id, command, self._context(change, customer_id, version))

    def _context(self, change: LeaderChange, customer_id: UUID, version: int) -> Context:
        """Return the context of one step: the same for each attempt on the same version of the customer."""
        return Context(
            key=f"leader|{change.event_id}|{customer_id}|{version}",
            actor=ACTOR.name,
            correlation_id=change.correlation_id,
            now=self._clock(),
            retryable=False,
            causation_id=change.event_id,
            traceparent=change.traceparent,
        )
