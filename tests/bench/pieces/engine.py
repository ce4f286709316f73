"""The alert engine without its database: an event under all shipped rules, a due look, and the memory's size."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median, quantiles
from time import process_time
from typing import Any, Final, NamedTuple
from uuid import UUID

from asyncpg.pgproto import pgproto
from msgspec import structs

from chassis.service import collect_less_often
from contracts import customer, followup
from contracts.alerts import AlertRaised
from contracts.event import Envelope, Event
from contracts.examples import example, example_envelope
from services.alerts.detection.evaluation import EMPTY, raise_due, receive
from services.alerts.detection.memory import Memory
from services.alerts.detection.packing import packed
from services.alerts.engine.absorbing import with_absorbed
from services.alerts.engine.episodes import Change
from services.alerts.engine.findings import find
from services.alerts.engine.items import Item, ItemId, due_at
from services.alerts.engine.raising import Begun, begun
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


class Look(NamedTuple):
    """A look at a customer, with the items that are due at that time."""

    customer_id: UUID
    memory: Memory
    now: datetime


async def measure(bed: Bed) -> list[Figure]:
    lives = [life(Random(seed), 100) for seed in range(CUSTOMERS)]  # noqa: S311 - not for secrets

    collect_less_often()

    async def evolving() -> float:
        return evolve_and_judge(lives)

    async def looking() -> float:
        return look(looks, makes_events=False)

    async def raising() -> float:
        return look(looks, makes_events=True)

    async def making() -> float:
        return make_each(due)

    looks, due = looks_of(lives), due_after(lives)
    evolved, looked, raised, made = await interleaved(bed.effort.rounds, evolving, looking, raising, making)
    figures = [
        Figure("evolve and judge, all rules", median(evolved), "µs", target=EVOLVE_TARGET),
        Figure("look, due", median(looked), "µs", target=LOOK_TARGET),
        Figure("look, due, with the events of its alerts", median(raised), "µs"),
        Figure("event of an alert", median(made), "µs"),
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


def looks_of(lives: Sequence[Sequence[Envelope[Any]]]) -> list[Look]:
    """Return the looks at customers, each whenever it is due, with the items that are due, as the service does."""
    return [look for each in lives for look in Waiting(each[0].subject, folded(each)).looks()]


def look(looks: Sequence[Look], *, makes_events: bool) -> float:
    """Return the processor time of a look at a customer that is due, in microseconds.

    It gives the changes, and the next due times of the customer and of its items. The service then makes the events of
    the alerts.
    """
    began_at = process_time()
    for customer_id, memory, now in looks:
        after, changes = raise_due(customer_id, memory, DEFAULT_RULES, now, now)
        due_times(after)
        if makes_events:
            events_of(changes)
    return (process_time() - began_at) / len(looks) * 1e6


def due_times(memory: Memory) -> list[datetime]:
    rest = with_absorbed(memory.facts)
    return [due_at(rest, item, DEFAULT_RULES) for item in memory.items.values()]


def events_of(changes: Sequence[Change]) -> list[AlertRaised]:
    return [each.alert for each in changes if isinstance(each, Begun)]


def due_after(lives: Sequence[Sequence[Envelope[Any]]]) -> list[Begun]:
    """Return the episodes that are due at the horizon."""
    states = [(each[0].subject, folded(each).state) for each in lives]
    return [
        begun(customer_id, state.facts, finding, DEFAULT_RULES, HORIZON)
        for customer_id, state in states
        for finding in find(state.facts, DEFAULT_RULES)
        if finding.due_at < HORIZON
    ]


def make_each(episodes: Sequence[Begun]) -> float:
    """Return the processor time of the event of an alert, with its texts, in microseconds."""
    began_at = process_time()
    events = events_of(episodes)
    return (process_time() - began_at) / len(events) * 1e6


class Waiting:
    """A customer, and its items by their due times, as an index of the database has them."""

    def __init__(self, customer_id: UUID, memory: Memory) -> None:
        self.customer_id = customer_id
        self.items: dict[ItemId, tuple[datetime, Item]] = {}
        self.keep(memory)

    def looks(self) -> Iterator[Look]:
        """Yield the looks until the horizon."""
        while (now := self.rest.next_due_at) < HORIZON:
            own = {key: item for key, (each, item) in self.items.items() if each <= now}
            others_due_at = min((each for each, _ in self.items.values() if each > now), default=NEVER_DUE)
            known = structs.replace(self.rest, items=own, others_due_at=others_due_at)
            yield Look(self.customer_id, known, now)
            self.keep(raise_due(self.customer_id, known, DEFAULT_RULES, now, now)[0])

    def keep(self, memory: Memory) -> None:
        self.rest = memory.with_items({})
        for (key, item), each in zip(memory.items.items(), due_times(memory), strict=True):
            self.items[key] = each, item
