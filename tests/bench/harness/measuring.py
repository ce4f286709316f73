"""Shared code of the benchmarks: durations, alternating rounds, and figures with their floors."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import asyncpg
import httpx

from chassis.postgres.database import Pool, open_pool
from chassis.service import collect_less_often
from deploy.refill import delete_topics
from deploy.stack.child import Child
from tests.support.servers import Database, Servers

PROJECT = Path(__file__).parents[3]
POOL_SIZE = 10
PROBE_SECONDS = 5.0

Measure = Callable[[], Awaitable[float]]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Effort:
    """How long one measurement takes, how often each is taken, and how long the whole stack is kept busy."""

    seconds: float
    rounds: int
    load_seconds: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One result. `ratio` is the share of the floor's speed that is reached, so more is better.

    `target` is the least ratio where there is a floor, else the most that `value` may be.
    """

    name: str
    value: float
    unit: str
    floor: float | None = None
    ratio: float | None = None
    target: float | None = None

    @property
    def is_met(self) -> bool | None:
        if self.target is None:
            return None
        if self.ratio is not None:
            return self.ratio >= self.target
        return self.value <= self.target


@dataclass(frozen=True, slots=True)
class Bed:
    """What a benchmark runs on. `say` is for what a reader of the figures must know."""

    servers: Servers
    data_dir: Path
    effort: Effort
    say: Say

    @asynccontextmanager
    async def store(self, service: str = "customer") -> AsyncIterator[tuple[Database, Pool]]:
        """A fresh database of `service`, and a pool on it as the service has one. The topics are deleted before."""
        await delete_topics(self.servers.infrastructure.kafka_bootstrap)
        database = await self.servers.database(service)
        pool = await open_pool(database.app, size=POOL_SIZE, application_name="bench")
        try:
            yield database, pool
        finally:
            await pool.close()


async def interleaved(rounds: int, *measures: Measure) -> list[list[float]]:
    """Measure A B A B …, so that a noisy neighbour troubles all alike; return each one's results."""
    # As in a service. What was prepared to measure with is not collected: a service does not have it.
    collect_less_often()
    found: list[list[float]] = [[] for _ in measures]
    for _ in range(rounds):
        for results, measure in zip(found, measures, strict=True):
            results.append(await measure())
    return found


def rate(name: str, unit: str, values: Sequence[float], floors: Sequence[float], target: float | None = None) -> Figure:
    """Return medians; the ratio is the median of the rounds' own ratios, which a drifting machine moves least."""
    if not floors:
        return Figure(name, median(values), unit)
    ratios = [value / floor for value, floor in zip(values, floors, strict=True)]
    return Figure(name, median(values), unit, median(floors), median(ratios), target)


def cost(name: str, unit: str, values: Sequence[float], floors: Sequence[float], target: float | None = None) -> Figure:
    """The same for what takes time: half the speed is twice the cost."""
    ratios = [floor / value for value, floor in zip(values, floors, strict=True)]
    return Figure(name, median(values), unit, median(floors), median(ratios), target)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, round(share * len(ordered)) - 1))]


@asynccontextmanager
async def administrator(database: Database) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(database.admin)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def running(*children: Child) -> AsyncIterator[None]:
    """Run processes while the block lasts."""
    try:
        await asyncio.gather(*(child.start() for child in children))
        yield
    finally:
        await asyncio.gather(*(child.stop() for child in children))


async def answers_well(url: str) -> bool:
    try:
        async with httpx.AsyncClient(timeout=PROBE_SECONDS, trust_env=False) as client:
            return (await client.get(url)).is_success
    except httpx.TransportError:
        return False
