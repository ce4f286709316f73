"""Reassigns open tasks and complaints to the next owner, when a customer's owner changes."""

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, get_args
from uuid import UUID

from chassis.commands.command_handler import CommandHandler
from chassis.commands.decider import RejectedError
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
OWED = (*get_args(TaskEvent), *get_args(ComplaintEvent))

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
                        own = await self._events_of(customer_id)
                        for stream_id, command in passed_on(own, old, new):
                            await self._send(envelope, customer_id, stream_id, command)

    async def _events_of(self, customer_id: UUID) -> list[Envelope[Any]]:
        """Return every event of this service about the customer."""
        found: list[Envelope[Any]] = []
        after, more = 0, True
        while more:
            rows = await self._store.read_subject(customer_id, after=after, limit=READ_LIMIT)
            found += map(self._mapper.to_envelope, rows)
            more = len(rows) == READ_LIMIT
            after = rows[-1].id if more else after
        return found

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


def passed_on(envelopes: Iterable[Envelope[Any]], old: str, new: str) -> Iterator[StreamCommand]:
    """Yield the commands that reassign the open work of `old` to `new`. Work of other employees is not changed."""
    streams: dict[UUID, list[Any]] = defaultdict(list)
    for envelope in envelopes:
        if isinstance(envelope.event, OWED):
            streams[envelope.stream_id].append(envelope.event)
    for stream_id, own in streams.items():
        if isinstance(own[0], get_args(TaskEvent)):
            task = TASK.fold(TASK.initial, own)
            if task and task.assignee_id == old and task.state is TaskState.OPEN:
                yield stream_id, Reassign(assignee_id=new, reason=REASON)
        else:
            complaint = COMPLAINT.fold(COMPLAINT.initial, own)
            if complaint and complaint.owner_id == old and complaint.state is not ComplaintState.CLOSED:
                yield stream_id, PassComplaintOn(owner_id=new, reason=REASON)
