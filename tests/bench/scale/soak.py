"""A soak test of the whole stack at half of its capacity, which looks for growth of memory and backlog."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import inf, isfinite
from statistics import median
from time import perf_counter

import asyncpg
from rich.table import Table

from tests.bench.harness.measuring import percentile
from tests.bench.harness.processes import process_of, resident_megabytes_of
from tests.bench.harness.report import SIGNS, number
from tests.bench.scale import results
from tests.bench.scale.load import Load, loading
from tests.bench.stack.latency import known_to_followup
from tests.bench.stack.memory import TARGET_MEGABYTES
from tests.bench.stack.whole import Whole, register
from tests.support.waiting import eventually

CUSTOMERS = 2_000
SHARE = 0.5
SAMPLE_SECONDS = 60.0
LEAST_SAMPLES = 6
FLAT = 0.10
SETTLE_SECONDS = 120.0
CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'care-%'"

Sample = dict[str, float]


@dataclass(frozen=True, slots=True)
class Trend:
    """How one thing went: its median in the first third and in the last, and the most it ever was."""

    name: str
    first: float
    last: float
    most: float

    @property
    def change(self) -> float:
        if not self.first:
            return inf if self.last else 0.0
        return self.last / self.first - 1

    @property
    def is_flat(self) -> bool:
        return abs(self.change) <= FLAT


async def measure(whole: Whole, minutes: float, rate: float | None) -> list[Trend]:
    if sys.platform != "linux":
        whole.say("soak: memory and descriptors are read from /proc, which only Linux has; left out")
        return []
    customers = await register(whole, CUSTOMERS)
    await known_to_followup(whole, customers)
    async with loading(whole, customers) as load:
        reached = await capacity(load)
        asked = rate or reached * SHARE
        whole.say(f"soak: {reached:.0f} commands/s are taken through to reporting; {asked:.0f}/s for {minutes:g} min")
        results.note("soak", {"capacity": reached, "rate": asked, "minutes": minutes})
        samples = await watched(load, asked, minutes * 60)
    found = [trend(name, samples) for name in samples[0]]
    for one in found:
        results.note(
            "soak", asdict(one) | {"change": one.change if isfinite(one.change) else None, "is_flat": one.is_flat}
        )
    return found


async def capacity(load: Load) -> float:
    """Return how many commands a second are answered and, where they show there, stand in reporting's rows."""
    started_at = perf_counter()
    answered = await load.at_most(load.whole.effort.load_seconds)

    async def all_seen() -> bool:
        return not load.seen.sought

    await eventually(all_seen, within=SETTLE_SECONDS)
    return answered / (perf_counter() - started_at)


async def watched(load: Load, per_second: float, seconds: float) -> list[Sample]:
    """Keep the load up and take a sample every minute."""
    every = min(SAMPLE_SECONDS, seconds / LEAST_SAMPLES)
    samples: list[Sample] = []
    database = await asyncpg.connect(load.whole.environment["CARE_REPORTING_DATABASE_URL"])
    load.seen.take()
    async with asyncio.TaskGroup() as group:
        group.create_task(load.steadily(per_second, seconds))
        for number in range(1, round(seconds / every) + 1):
            await asyncio.sleep(every)
            samples.append(await sample(load, database))
            results.note("soak", {"sample": number, **samples[-1]})
            said = ", ".join(f"{name} {value:.0f}" for name, value in samples[-1].items())
            load.whole.say(f"after {number * every / 60:.1f} min: {said}")
    await database.close()
    return samples


async def sample(load: Load, database: "asyncpg.Connection[asyncpg.Record]") -> Sample:
    found: Sample = {}
    for name, url in load.whole.client.urls.items():
        process = process_of(f"services.{name}", url.rpartition(":")[2])
        found[f"memory of {name}, MB"] = resident_megabytes_of(process)
        found[f"open descriptors of {name}"] = len(list((process / "fd").iterdir()))
    seen = load.seen.take()
    return found | {
        "connections to PostgreSQL": await database.fetchval(CONNECTED),
        "answer p50, ms": milliseconds(seen.answer_seconds, 0.50),
        "answer p99, ms": milliseconds(seen.answer_seconds, 0.99),
        "answer to row in reporting p50, ms": milliseconds(seen.row_seconds, 0.50),
        "answer to row in reporting p99, ms": milliseconds(seen.row_seconds, 0.99),
        "rows not there yet": len(seen.sought),
        "commands answered": len(seen.answer_seconds),
        "commands refused": seen.refused,
    }


def milliseconds(seconds: Sequence[float], share: float) -> float:
    """Return a percentile; where nothing came within the sample's time, that time."""
    return percentile(seconds or [SAMPLE_SECONDS], share) * 1000


def trend(name: str, samples: Sequence[Sample]) -> Trend:
    values, third = [sample[name] for sample in samples], len(samples) // 3
    return Trend(name, median(values[:third]), median(values[-third:]), max(values))


def table(trends: Sequence[Trend]) -> Table:
    made = Table("name", "first third", "last third", "change", "most", "flat", f"< {TARGET_MEGABYTES:g} MB")
    for column in made.columns[1:]:
        column.justify = "right"
    for one in trends:
        values = (number(one.first), number(one.last), f"{one.change:+.1%}", number(one.most))
        small = one.most < TARGET_MEGABYTES if one.name.startswith("memory") else None
        made.add_row(one.name, *values, "yes" if one.is_flat else "[red]no[/]", SIGNS[small])
    return made
