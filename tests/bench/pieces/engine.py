"""The alert engine without its database: an event under all shipped rules, a due look, and the memory's size."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median, quantiles
from time import process_time
from typing import Any, Final
from uuid import UUID

from asyncpg.pgproto import pgproto

from chassis.service import collect_less_often
from contracts import customer, followup
from contracts.event import Envelope, Event
from contracts.examples import example, example_envelope
from services.alerts.detection.evaluation import EMPTY, raise_due, receive
from services.alerts.detection.memory import Memory
from services.alerts.detection.packing import packed
from services.alerts.engine.absorbing import with_absorbed
from services.alerts.engine.facts import Facts
from services.alerts.engine.findings import Finding, find
from services.alerts.engine.items import Item, ItemId, due_at
from services.alerts.engine.raising import raise_alert
from services.alerts.engine.stretch import NEVER_DUE
from services.alerts.shipped.rules import DEFAULT_RULES
from tests.bench.harness.measuring import Bed, Figure, interleaved

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
CUSTOMERS: Final = 200
EVERY: Final = timedelta(days=2)
# The last event is 198 days after the first one.
HORIZON: Final = START + timedelta(days=600)
OFTEN: Final[Sequence[Event]] = (
    example(followup.ContactLogged, automated=False),
    example(followup.ContactLogged, automated=False),
    example(customer.OrderPlaced),
    example(customer.ProfileChanged, industry="软件"),
    example(followup.TaskScheduled),
    example(followup.ComplaintRaised),
    example(customer.QuoteIssued),
    example(customer.NeedStated),
)
# In µs an event, µs a look, and bytes of a customer: ALERTS of the engine's design.
EVOLVE_TARGET, LOOK_TARGET = 25.0, 50.0
SIZE_TARGETS: Final = {10: 1_024.0, 100: 2_048.0}


async def measure(bed: Bed) -> list[Figure]:
    lives = [life(Random(seed), 100) for seed in range(CUSTOMERS)]  # noqa: S311 - not for secrets

    collect_less_often()

    async def evolving() -> float:
        return evolve_and_judge(lives)

    async def looking() -> float:
        return look(lives)

    async def raising() -> float:
        return raise_each(begun)

    begun = due_after(lives)
    evolved, looked, raised = await interleaved(bed.effort.rounds, evolving, looking, raising)
    figures = [
        Figure("evolve and judge, all rules", median(evolved), "µs", target=EVOLVE_TARGET),
        Figure("look, due", median(looked), "µs", target=LOOK_TARGET),
        Figure("look, of which each alert raised", median(raised), "µs"),
    ]
    for count, target in SIZE_TARGETS.items():
        sizes = [len(packed(folded(each[:count]).rest)) for each in lives]
        figures.append(Figure(f"memory p95, {count} events", quantiles(sizes, n=20)[-1], "bytes", target=target))
    return figures


def life(random: Random, count: int) -> list[Envelope[Any]]:
    """Return the first events of a customer, two days apart."""
    customer_id = random_id(random)
    first = (example(customer.Registered), example(customer.OwnerAssigned), example(customer.TierChanged))
    events = [*first, *(random.choice(OFTEN) for _ in range(count - len(first)))]
    return [
        replace(
            example_envelope(event, id=random_id(random), subject=customer_id),
            stream_id=random_id(random),
            occurred_at=START + number * EVERY,
            recorded_at=START + number * EVERY,
        )
        for number, event in enumerate(events)
    ]


def random_id(random: Random) -> UUID:
    """Return an id of the class that the reader of the topics makes."""
    return pgproto.UUID(random.randbytes(16))


def folded(events: Sequence[Envelope[Any]]) -> Memory:
    memory = EMPTY
    for each in events:
        memory, _ = receive(each.subject, memory, [each], DEFAULT_RULES, each.recorded_at)
    return memory


def evolve_and_judge(lives: Sequence[Sequence[Envelope[Any]]]) -> float:
    """Return the processor time of an event in microseconds."""
    began_at = process_time()
    for each in lives:
        folded(each)
    return (process_time() - began_at) / sum(map(len, lives)) * 1e6


def look(lives: Sequence[Sequence[Envelope[Any]]]) -> float:
    """Return the processor time of a look at a customer that is due, in microseconds.

    Each customer is looked at whenever it is due, with the items that are due, as the service does.
    """
    waiting = [(each[0].subject, Waiting(folded(each))) for each in lives]
    looks, began_at = 0, process_time()
    for customer_id, each in waiting:
        while (due_at := each.next_due_at()) < HORIZON:
            each.look(customer_id, due_at)
            looks += 1
    return (process_time() - began_at) / looks * 1e6


def due_after(lives: Sequence[Sequence[Envelope[Any]]]) -> list[tuple[UUID, Facts, Finding]]:
    """Return what is due at the horizon, with the facts of its customer."""
    states = [(each[0].subject, folded(each).state) for each in lives]
    return [
        (customer_id, state.facts, finding)
        for customer_id, state in states
        for finding in find(state.facts, DEFAULT_RULES)
        if finding.due_at < HORIZON
    ]


def raise_each(begun: Sequence[tuple[UUID, Facts, Finding]]) -> float:
    """Return the processor time of the event of an alert, with its id and its texts, in microseconds."""
    began_at = process_time()
    for customer_id, facts, finding in begun:
        raise_alert(customer_id, facts, finding, DEFAULT_RULES, HORIZON)
    return (process_time() - began_at) / len(begun) * 1e6


class Waiting:
    """A customer with the due times of its items."""

    def __init__(self, memory: Memory) -> None:
        self.rest = memory.with_items({})
        self.items = with_due_times(memory)

    def next_due_at(self) -> datetime:
        return min(self.rest.next_due_at, min((due for due, _ in self.items.values()), default=NEVER_DUE))

    def look(self, customer_id: UUID, now: datetime) -> None:
        own = {key: each for key, (due, each) in self.items.items() if due <= now}
        after, _ = raise_due(customer_id, self.rest.with_items(own), DEFAULT_RULES, now, now)
        self.rest = after.with_items({})
        for key in own:
            del self.items[key]
        self.items |= with_due_times(after)


def with_due_times(memory: Memory) -> dict[ItemId, tuple[datetime, Item]]:
    rest = with_absorbed(memory.facts)
    return {key: (due_at(rest, each, DEFAULT_RULES), each) for key, each in memory.items.items()}
