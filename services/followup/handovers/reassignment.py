"""Passes what an owner still owes a customer to the next owner, when the customer changes hands."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, get_args
from uuid import UUID

from chassis.commands.decider import RejectedError
from chassis.store.event_store import READ_LIMIT
from contracts.customer import OwnerAssigned
from contracts.event import Envelope
from contracts.followup.complaint import ComplaintEvent
from contracts.followup.task import TaskEvent
from services.followup.actor import ACTOR
from services.followup.commands import PassComplaintOn, Reassign
from services.followup.dependencies import Dependencies
from services.followup.domain.complaint import COMPLAINT, ComplaintState
from services.followup.domain.task import TASK, TaskState

REASON = "handover"
OWED = (*get_args(TaskEvent), *get_args(ComplaintEvent))

Passing = tuple[UUID, Reassign | PassComplaintOn]


async def heard(envelopes: Sequence[Envelope[Any]], needs: Dependencies) -> None:
    """Answer a batch of facts. Each command has a key made from the fact, so what is heard twice is done once."""
    for envelope in envelopes:
        match envelope.event:
            case OwnerAssigned(previous_owner_id=str(old), owner_id=new) if old != new:
                # From the log itself: a list might not show yet what was promised a moment ago.
                for customer_id in await needs.customers.ids_of(envelope.subject):
                    facts = await facts_of(customer_id, needs)
                    for stream_id, command in passed_on(facts, old, new):
                        await carry_out(envelope, customer_id, stream_id, command, needs)


def passed_on(facts: Iterable[Envelope[Any]], old: str, new: str) -> Iterator[Passing]:
    """Yield what lets `new` owe what `old` owed, and nothing that others owe or that is done."""
    streams: dict[UUID, list[Any]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact.event, OWED):
            streams[fact.stream_id].append(fact.event)
    for stream_id, own in streams.items():
        if isinstance(own[0], get_args(TaskEvent)):
            task = TASK.fold(TASK.initial, own)
            if task and task.assignee_id == old and task.state is TaskState.OPEN:
                yield stream_id, Reassign(assignee_id=new, reason=REASON)
        else:
            complaint = COMPLAINT.fold(COMPLAINT.initial, own)
            if complaint and complaint.owner_id == old and complaint.state is not ComplaintState.CLOSED:
                yield stream_id, PassComplaintOn(owner_id=new, reason=REASON)


async def facts_of(customer_id: UUID, needs: Dependencies) -> list[Envelope[Any]]:
    """Return all that this service has recorded about the customer."""
    found: list[Envelope[Any]] = []
    after, more = 0, True
    while more:
        rows = await needs.store.read_subject(customer_id, after=after, limit=READ_LIMIT)
        found += map(needs.mapper.to_envelope, rows)
        more = len(rows) == READ_LIMIT
        after = rows[-1].id if more else after
    return found


async def carry_out(
    envelope: Envelope[Any],
    customer_id: UUID,
    stream_id: UUID,
    command: Reassign | PassComplaintOn,
    needs: Dependencies,
) -> None:
    """What has been done or closed in this moment stands: then it refuses, and that is well."""
    context = ACTOR.on_event(envelope, f"handover|{envelope.id}|{stream_id}")
    try:
        if isinstance(command, Reassign):
            await needs.tasks.handle(stream_id, command, context, subject=customer_id)
        else:
            await needs.complaints.handle(stream_id, command, context, subject=customer_id)
    except RejectedError:
        return
