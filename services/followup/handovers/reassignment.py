"""Reassigns open tasks and complaints to the next owner, when a customer's owner changes.

A customer may have very many of them, so this takes no part in the consumer's transaction: the consumer stores the
change, and a timer reassigns the work in parts.
"""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from chassis.commands.command_handler import CommandHandler
from chassis.commands.decider import RejectedError
from chassis.postgres.database import Connection, Pool
from contracts.event import Envelope
from contracts.followup import ComplaintRaised, TaskScheduled
from services.followup.commands import PassComplaintOn, Reassign
from services.followup.domain.complaint import Complaint, ComplaintState
from services.followup.domain.task import Task, TaskState
from services.followup.handovers import owner_changes
from services.followup.handovers.owner_changes import OwnerChange, change_of
from services.followup.queries.customers import Customers

REASON = "handover"
CUSTOMERS_AT_ONCE = 20
# Tasks and complaints of one customer before it is another customer's turn.
PART = 100
CONCURRENCY = 4
TASK_SCHEDULED = TaskScheduled.model_fields["type"].default
COMPLAINT_RAISED = ComplaintRaised.model_fields["type"].default
# From the store: the lists may not show the latest tasks and complaints yet.
BEGUN = """
    SELECT position, stream_id, type, subject FROM event
    WHERE subject = ANY($1) AND version = 1 AND type = ANY($2) AND position > $3 ORDER BY position LIMIT $4
"""

Work = Task | Complaint | None
StreamCommand = tuple[UUID, Reassign | PassComplaintOn]


class Reassignment:
    """`receive` is part of the consumer's handler, `run_due` is the timer's. A part that is repeated has no effect."""

    def __init__(
        self,
        pool: Pool,
        *,
        customers: Customers,
        tasks: CommandHandler[Task | None],
        complaints: CommandHandler[Complaint | None],
    ) -> None:
        self._pool = pool
        self._customers = customers
        self._tasks = tasks
        self._complaints = complaints
        self._slots = asyncio.Semaphore(CONCURRENCY)

    async def receive(self, envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        """Store the changes of owner."""
        await owner_changes.store(held, [change for each in envelopes if (change := change_of(each))])

    async def run_due(self) -> int:
        """Reassign the next part of each customer's work; return for how many customers."""
        changes = await owner_changes.next_changes(self._pool, CUSTOMERS_AT_ONCE)
        for change in changes:
            await self._continue(change)
        return len(changes)

    async def _continue(self, change: OwnerChange) -> None:
        customer_ids = await self._customers.ids_of(change.customer_id)
        types = [TASK_SCHEDULED, COMPLAINT_RAISED]
        begun = await self._pool.fetch(BEGUN, customer_ids, types, change.after, PART)
        await asyncio.gather(*(self._pass_on(row, change) for row in begun))
        if len(begun) == PART:
            await owner_changes.continue_after(self._pool, change, begun[-1]["position"])
        else:
            await owner_changes.finish(self._pool, change)

    async def _pass_on(self, begun: asyncpg.Record, change: OwnerChange) -> None:
        """Pass one task or complaint on. One that has been closed meanwhile rejects the command and does not change."""
        async with self._slots:
            handler: CommandHandler[Any] = self._tasks if begun["type"] == TASK_SCHEDULED else self._complaints
            states = {begun["stream_id"]: (await handler.load(begun["stream_id"])).state}
            for stream_id, command in passed_on(states, change.old_owner_id, change.new_owner_id):
                with contextlib.suppress(RejectedError):
                    await handler.handle(stream_id, command, change.context(stream_id), subject=begun["subject"])


def passed_on(states: Mapping[UUID, Work], old: str, new: str) -> Iterator[StreamCommand]:
    """Yield the commands that reassign the open work of `old` to `new`. Work of other employees is not changed."""
    for stream_id, state in states.items():
        match state:
            case Task(assignee_id=assignee_id, state=TaskState.OPEN) if assignee_id == old:
                yield stream_id, Reassign(assignee_id=new, reason=REASON)
            case Complaint(owner_id=owner_id) if owner_id == old and state.state is not ComplaintState.CLOSED:
                yield stream_id, PassComplaintOn(owner_id=new, reason=REASON)
            case _:
                pass
