"""Reassigns open tasks and complaints to the next owner, when a customer's owner changes."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast, get_args
from uuid import UUID

from chassis.commands.command_handler import CommandHandler
from chassis.commands.decider import RejectedError
from chassis.runtime.turns import in_turns
from chassis.store.event_store import READ_LIMIT, EventStore
from chassis.store.mapper import EventMapper
from contracts.customer import OwnerAssigned
from contracts.event import Envelope
from contracts.followup.complaint import ComplaintEvent
from contracts.followup.task import TaskEvent
from services.followup.actor import ACTOR
from services.followup.commands import PassComplaintOn, Reassign
from services.followup.domain.complaint import COMPLAINT, Complaint, ComplaintState
from services.followup.domain.task import TASK, Task, TaskState
from services.followup.queries.customers import Customers

REASON = "handover"

Work = Task | Complaint | None
StreamCommand = tuple[UUID, Reassign | PassComplaintOn]


class Reassignment:
    """Part of the consumer's handler. Command keys are derived from the event, so redelivery has no effect."""

    def __init__(
        self,
        store: EventStore,
        mapper: EventMapper,
        *,
        customers: Customers,
        tasks: CommandHandler[Task | None],
        complaints: CommandHandler[Complaint | None],
    ) -> None:
        self._store = store
        self._mapper = mapper
        self._customers = customers
        self._tasks = tasks
        self._complaints = complaints

    async def receive(self, envelopes: Sequence[Envelope[Any]]) -> None:
        """Reassign the open tasks and complaints of each customer whose owner changes."""
        for envelope in envelopes:
            match envelope.event:
                case OwnerAssigned(previous_owner_id=str(old), owner_id=new) if old != new:
                    # From the store: the lists may not show the latest tasks and complaints yet.
                    for customer_id in await self._customers.ids_of(envelope.subject):
                        for stream_id, command in passed_on(await self._work_of(customer_id), old, new):
                            await self._send(envelope, customer_id, stream_id, command)

    async def _work_of(self, customer_id: UUID) -> dict[UUID, Work]:
        """Return the customer's tasks and complaints, by the id of their stream."""
        states: dict[UUID, Work] = {}
        after, more = 0, True
        while more:
            rows = await self._store.read_subject(customer_id, after=after, limit=READ_LIMIT)
            async for row in in_turns(rows):
                evolve(states, self._mapper.to_envelope(row))
            more = len(rows) == READ_LIMIT
            after = rows[-1].id if more else after
        return states

    async def _send(
        self, envelope: Envelope[Any], customer_id: UUID, stream_id: UUID, command: Reassign | PassComplaintOn
    ) -> None:
        """Send the command. A task or complaint that has been closed meanwhile rejects it and does not change."""
        context = ACTOR.on_event(envelope, f"handover|{envelope.id}|{stream_id}")
        with contextlib.suppress(RejectedError):
            if isinstance(command, Reassign):
                await self._tasks.handle(stream_id, command, context, subject=customer_id)
            else:
                await self._complaints.handle(stream_id, command, context, subject=customer_id)


def evolve(states: dict[UUID, Work], envelope: Envelope[Any]) -> None:
    """Apply one event to the task or the complaint that it is about."""
    stream_id, event = envelope.stream_id, envelope.event
    if isinstance(event, get_args(TaskEvent)):
        states[stream_id] = TASK.evolve(cast("Task | None", states.get(stream_id)), event)
    elif isinstance(event, get_args(ComplaintEvent)):
        states[stream_id] = COMPLAINT.evolve(cast("Complaint | None", states.get(stream_id)), event)


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
