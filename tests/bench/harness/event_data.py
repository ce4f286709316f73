"""Realistic event data: each customer's events in order, all customers interleaved."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import uuid_utils.compat as uuid_utils

from chassis.store.append import Answer, Append
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts import customer, followup
from contracts.event import Envelope, Event, Metadata
from contracts.examples import OCCURRED_AT, OWNER, example
from contracts.topics import CUSTOMER_EVENTS, FOLLOWUP_EVENTS, Topic

SEED = 7
BATCH = 500
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

# What happens, and to which of the customer's streams.
LIFE: tuple[tuple[type[Event], str], ...] = (
    (customer.Registered, "customer"),
    (customer.OwnerAssigned, "customer"),
    (customer.ProfileChanged, "customer"),
    (followup.ContactLogged, "first contact"),
    (customer.StageChanged, "customer"),
    (followup.TaskScheduled, "task"),
    (followup.ContactLogged, "second contact"),
    (followup.TaskCompleted, "task"),
    (customer.TierChanged, "customer"),
    (followup.ComplaintRaised, "complaint"),
    (followup.ComplaintAnswered, "complaint"),
    (followup.ContactLogged, "third contact"),
)
OWN_LIFE = tuple(step for step in LIFE if step[1] == "customer")


def topic_of(event: type[Event]) -> Topic:
    return CUSTOMER_EVENTS if event in CUSTOMER_EVENTS.events else FOLLOWUP_EVENTS


def mixed(customers: int, life: Sequence[tuple[type[Event], str]] = LIFE) -> Iterator[Envelope[Any]]:
    """Yield the lives of many customers as a store or a consumer meets them; positions count within each topic."""
    chance = random.Random(SEED)  # noqa: S311 - not for secrets
    turns = [number for number in range(customers) for _ in life]
    chance.shuffle(turns)
    subjects = [uuid_utils.uuid7() for _ in range(customers)]
    steps = [iter(life) for _ in range(customers)]
    streams: dict[tuple[int, str], UUID] = defaultdict(uuid4)
    versions: dict[UUID, int] = defaultdict(int)
    positions: dict[str, int] = defaultdict(int)
    for turn, number in enumerate(turns):
        event, part = next(steps[number])
        subject, topic = subjects[number], topic_of(event)
        stream = subject if part == "customer" else streams[number, part]
        versions[stream] += 1
        positions[topic.name] += 1
        yield envelope(example(event), subject, stream, versions[stream], positions[topic.name], turn)


def envelope(event: Event, subject: UUID, stream: UUID, version: int, position: int, turn: int) -> Envelope[Any]:
    occurred_at = OCCURRED_AT + timedelta(seconds=turn)
    metadata = Metadata(actor=OWNER, correlation_id=str(uuid4()), traceparent=TRACEPARENT)
    return Envelope(uuid_utils.uuid7(), subject, stream, version, position, occurred_at, occurred_at, metadata, event)


async def fill(store: EventStore, envelopes: Sequence[Envelope[Any]]) -> None:
    """Append all of them, in their order, a batch at a time."""
    mapper = EventMapper()
    for first in range(0, len(envelopes), BATCH):
        events = [mapper.to_new_event(envelope) for envelope in envelopes[first : first + BATCH]]
        await store.append(Append(str(uuid4()), Answer(b"", 200, b"{}"), events))
