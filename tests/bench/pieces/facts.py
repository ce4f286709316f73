"""The fact log of alerts: processor time of an insert, in the service and in its PostgreSQL session."""

import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import process_time

from chassis.consume.consumer import MAX_RECORDS
from chassis.consume.fact_log.fact import Fact
from chassis.consume.fact_log.model import append
from chassis.postgres.database import Connection, Pool, transaction
from tests.bench.harness.event_data import LIFE, mixed
from tests.bench.harness.measuring import Bed, Figure, administrator
from tests.support.facts import facts_of
from tests.support.servers import Database

TARGET = 18.0
FACTS_PER_SECOND_OF_EFFORT = 10_000
TICKS = os.sysconf("SC_CLK_TCK")
MICROSECONDS = 1e6


async def measure(bed: Bed) -> list[Figure]:
    facts = facts_of(mixed(round(FACTS_PER_SECOND_OF_EFFORT * bed.effort.seconds / len(LIFE))))
    async with bed.store("alerts") as (database, pool):
        await inserted(database, pool, facts)
        rounds = [await inserted(database, pool, facts) for _ in range(bed.effort.rounds)]
    own, session = (median(each[place] for each in rounds) for place in (0, 1))
    return [
        Figure("fact insert", own + session, "µs", target=TARGET),
        Figure("fact insert, of which in the service", own, "µs"),
    ]


async def inserted(database: Database, pool: Pool, facts: Sequence[Fact]) -> tuple[float, float]:
    """Insert facts as the consumer does. Return the microseconds of a fact in this process, and in PostgreSQL."""
    async with administrator(database) as owner:
        await owner.execute("TRUNCATE fact")
    own = session = 0.0
    for first in range(0, len(facts), MAX_RECORDS):
        async with transaction(pool) as held:
            before, began_at = await seconds_of_session(held), process_time()
            await append(facts[first : first + MAX_RECORDS], held)
            own += process_time() - began_at
            session += await seconds_of_session(held) - before
    return own / len(facts) * MICROSECONDS, session / len(facts) * MICROSECONDS


async def seconds_of_session(held: Connection) -> float:
    """Return the processor time that the session has used. The server runs on this machine."""
    pid = await held.fetchval("SELECT pg_backend_pid()")
    return processor_seconds(pid)


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
