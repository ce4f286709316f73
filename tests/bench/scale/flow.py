"""A steady flow of business with many customers: what happens on each day, the same amount on every day."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from chassis.postgres.database import transaction
from contracts import customer, followup
from contracts.event import Envelope
from contracts.examples import CUSTOMER_ID, example
from services.alerts.detection import memory
from services.alerts.detection.folding import fold
from services.alerts.detection.memory import Memory
from services.alerts.projection import holders
from services.alerts.shipped.rules import DEFAULT_RULES
from tests.bench.scale.alert_feed import AlertFeed

DAY = timedelta(days=1)
BATCH = 500
# In days: from one contact, task, complaint or order of a customer to the next one. Some customers hear little.
CONTACT, QUIET_CONTACT, TASK, COMPLAINT, ORDER = 10, 40, 20, 100, 30
QUIET_OF, VIP_OF, LATE_OF = 20, 10, 5
# The number of different histories: the customers after these begin with the same ones.
HISTORIES = 2_400
# Long enough for every ring of the memory to be full.
PAST_DAYS = 480
DUE_AFTER, DONE_AFTER, DONE_LATE = 2, 1, 4
ANSWERED_LATE, CLOSED_AFTER = 2, 3
CONTACTED, ORDERED = example(followup.ContactLogged, automated=False), example(customer.OrderPlaced)
Task = tuple[UUID, datetime]


class Flow:
    """Customers by number. The events of a day are those of its cycles; nothing is random."""

    def __init__(self, feed: AlertFeed, customers: int) -> None:
        self._feed, self._customers = feed, customers
        self._tasks: dict[int, list[tuple[int, Task]]] = {}
        self._answers: dict[int, list[tuple[int, UUID]]] = {}
        self._ends: dict[int, list[tuple[int, UUID]]] = {}

    async def begin(self) -> None:
        """Store the memories of all customers, as after a long past with full rings."""
        pasts = [self._past(number) for number in range(min(HISTORIES, self._customers))]
        for first in range(0, self._customers, BATCH):
            numbers = range(first, min(first + BATCH, self._customers))
            memories = {customer_id(number): pasts[number % HISTORIES] for number in numbers}
            owners = [self._owner(number) for number in numbers]
            async with transaction(self._feed.pool) as held:
                await memory.lock(held, sorted(memories))
                await memory.save(held, memories, DEFAULT_RULES)
                await holders.apply(owners, held)

    def _owner(self, number: int) -> Envelope[Any]:
        owned = example(customer.OwnerAssigned, owner_id=f"E{number % 100}", leader_id=f"L{number % 10}")
        return self._feed.new(owned, customer_id(number), customer_id(number), self._feed.clock.now - PAST_DAYS * DAY)

    def _past(self, number: int) -> Memory:
        """Return the memory after the contacts and orders of the past."""
        own, feed = customer_id(number), self._feed
        began_at = feed.clock.now - PAST_DAYS * DAY
        tier = example(customer.TierChanged, scheme="default", tier="vip" if is_vip(number) else "growth")
        told = [feed.new(example(customer.Registered), own, own, began_at), self._owner(number)]
        told.append(feed.new(tier, own, own, began_at))
        for day in range(-PAST_DAYS, 0):
            at = feed.clock.now + day * DAY
            if is_contact(number, day):
                told.append(feed.new(CONTACTED, own, None, at))
            if (number + day) % ORDER == 0:
                told.append(feed.new(ORDERED, own, None, at))
        return fold(told, DEFAULT_RULES, feed.clock.now)[own]

    async def take(self, day: int) -> int:
        """Let the engine take in the events of a day, in batches. Return how many there were."""
        told = list(self._of_day(day))
        for first in range(0, len(told), BATCH):
            await self._feed.take(told[first : first + BATCH])
        return len(told)

    def _of_day(self, day: int) -> Iterator[Envelope[Any]]:
        feed = self._feed
        for number in range(self._customers):
            own, place = customer_id(number), number + day
            if is_contact(number, day):
                yield feed.new(CONTACTED, own)
            if place % ORDER == 0:
                yield feed.new(ORDERED, own)
            if place % TASK == 0:
                yield self._scheduled(number, day)
            if place % COMPLAINT == 0:
                yield self._raised(number, day)
        yield from self._ended(day)

    def _scheduled(self, number: int, day: int) -> Envelope[Any]:
        due_at = self._feed.clock.now + DUE_AFTER * DAY
        told = self._feed.new(example(followup.TaskScheduled, due_at=due_at), customer_id(number))
        after = DONE_LATE if is_late(number, day, TASK) else DONE_AFTER
        self._tasks.setdefault(day + after, []).append((number, (told.stream_id, due_at)))
        return told

    def _raised(self, number: int, day: int) -> Envelope[Any]:
        told = self._feed.new(example(followup.ComplaintRaised), customer_id(number))
        after = ANSWERED_LATE if is_late(number, day, COMPLAINT) else 0
        self._answers.setdefault(day + after, []).append((number, told.stream_id))
        self._ends.setdefault(day + after + CLOSED_AFTER, []).append((number, told.stream_id))
        return told

    def _ended(self, day: int) -> Iterator[Envelope[Any]]:
        """Yield what settles the tasks and complaints of this day and of earlier ones."""
        for number, (task_id, due_at) in self._tasks.pop(day, ()):
            yield self._feed.new(example(followup.TaskCompleted, due_at=due_at), customer_id(number), task_id)
        for number, complaint_id in self._answers.pop(day, ()):
            yield self._feed.new(example(followup.ComplaintAnswered), customer_id(number), complaint_id)
        for number, complaint_id in self._ends.pop(day, ()):
            yield self._feed.new(example(followup.ComplaintClosed), customer_id(number), complaint_id)


def is_contact(number: int, day: int) -> bool:
    if number % QUIET_OF == 0:
        return (number // QUIET_OF + day) % QUIET_CONTACT == 0
    return (number + day) % CONTACT == 0


def is_vip(number: int) -> bool:
    """Return whether a customer is one of the VIPs, whose contacts are spread over all days."""
    return number // CONTACT % VIP_OF == 0


def is_late(number: int, day: int, every: int) -> bool:
    """Return whether a task or complaint is handled too late: one in LATE_OF, evenly over days and customers."""
    return (number + day) // every % LATE_OF == 0


def customer_id(number: int) -> UUID:
    return uuid5(CUSTOMER_ID, f"month {number}")
