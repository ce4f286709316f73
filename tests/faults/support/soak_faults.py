"""The faults of the soak, and the order in which they happen."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx

from tests.faults.support import stepped_clock
from tests.faults.support.deployment import as_admin
from tests.faults.support.ledger import Outcome
from tests.faults.support.older_copy import restore_an_older_copy, take_a_copy
from tests.faults.support.soak_field import DICE, Field
from tests.faults.support.soak_probes import readiness_names, status_is
from tests.support.servers import Database
from tests.support.waiting import eventually

TERMINATE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename LIKE 'care_%'
"""
HEAD = "SELECT position FROM store_head"
# The last instant of the store, of an event or of a watermark.
LATEST = """
    SELECT greatest(
        (SELECT max(recorded_at) FROM event),
        (SELECT timestamptz 'epoch' + last_value * interval '1 microsecond' FROM store_watermark_instant)
    )
"""
HOUR = timedelta(hours=1)
# Clocks may differ by 60 seconds (ADR 0029).
BOUND = timedelta(seconds=60)
LARGEST_STEP_SECONDS = 25.0

Fault = Callable[[Field], Awaitable[None]]


async def kill_a_process(of: Field) -> None:
    await DICE.choice(of.victims).kill()


async def freeze_a_process(of: Field) -> None:
    chosen = DICE.choice(of.victims)
    chosen.freeze()
    await asyncio.sleep(DICE.uniform(1, 15))
    chosen.thaw()


async def terminate_backends(of: Field) -> None:
    await as_admin(of.database, TERMINATE)


async def take_the_database_away(of: Field) -> None:
    """Meanwhile the process is live but not ready (I9)."""
    await of.to_database.down()
    await eventually(lambda: status_is(f"{of.steady.url}/readyz", httpx.codes.SERVICE_UNAVAILABLE))
    assert await status_is(f"{of.steady.url}/livez", httpx.codes.OK)
    await asyncio.sleep(DICE.uniform(1, 8))
    await of.to_database.up()


async def take_kafka_away(of: Field) -> None:
    await of.to_kafka.down()
    await asyncio.sleep(DICE.uniform(1, 15))
    await of.to_kafka.up()


async def swallow(of: Field) -> None:
    of.to_database.freeze()
    await asyncio.sleep(DICE.uniform(1, 4))
    of.to_database.heal()
    of.to_database.reset()


async def slow_down(of: Field) -> None:
    of.to_database.replies.latency_seconds = 0.05
    await asyncio.sleep(10)
    of.to_database.heal()


async def step_the_clock_ahead(of: Field) -> None:
    """Writing goes on, also when the clock steps back to the true time."""
    await step(of, timedelta(seconds=DICE.uniform(1, LARGEST_STEP_SECONDS)))


async def step_the_clock_back(of: Field) -> None:
    await step(of, -timedelta(seconds=DICE.uniform(1, LARGEST_STEP_SECONDS)))


async def step(of: Field, time: timedelta) -> None:
    await as_admin(of.database, stepped_clock.STEP, time)
    await commands_are_acknowledged(of)
    await asyncio.sleep(DICE.uniform(1, 15))
    await as_admin(of.database, stepped_clock.STEP, timedelta())
    await commands_are_acknowledged(of)


async def jump_an_hour_ahead(of: Field) -> None:
    """Writing is refused meanwhile, so nothing is recorded in the future. Then it goes on."""
    await as_admin(of.database, stepped_clock.STEP, HOUR)
    await eventually(lambda: readiness_names(of.steady.url, "ahead of the clock of this process"))
    before = await ask(of.database, HEAD)
    await asyncio.sleep(DICE.uniform(3, 10))
    assert await ask(of.database, HEAD) == before
    await as_admin(of.database, stepped_clock.STEP, timedelta())
    assert await ask(of.database, LATEST) < datetime.now(UTC) + BOUND
    await commands_are_acknowledged(of)


FAULTS: Sequence[Fault] = (
    kill_a_process,
    freeze_a_process,
    terminate_backends,
    take_the_database_away,
    take_kafka_away,
    swallow,
    slow_down,
    step_the_clock_ahead,
    step_the_clock_back,
)
# Each run has these.
CLOCK_STEPS: Sequence[Fault] = (step_the_clock_ahead, step_the_clock_back, jump_an_hour_ahead)
RESTORE: Sequence[Fault] = (take_a_copy, restore_an_older_copy)
NEEDED = len(CLOCK_STEPS) + len(RESTORE)


def schedule(slots: int, seed: int) -> list[Fault]:
    """Return a fault for each slot. Clock steps and a restore are in random slots, after the copy that it needs."""
    dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
    planned = dice.choices(FAULTS, k=slots)
    places = dice.sample(range(slots), NEEDED)
    needed = zip(sorted(places[: len(RESTORE)]) + places[len(RESTORE) :], (*RESTORE, *CLOCK_STEPS), strict=True)
    for place, fault in needed:
        planned[place] = fault
    return planned


async def commands_are_acknowledged(of: Field) -> None:
    """Wait until a command is acknowledged that had not been yet."""
    before = of.load.ledger.count(Outcome.ACKED)

    async def is_so() -> bool:
        return of.load.ledger.count(Outcome.ACKED) > before

    await eventually(is_so)


async def ask(database: Database, question: str) -> Any:
    admin = await asyncpg.connect(database.admin)
    try:
        return await admin.fetchval(question)
    finally:
        await admin.close()
