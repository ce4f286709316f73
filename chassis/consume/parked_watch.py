"""Reports in the readiness which consumers have parked customers, or apply a batch that took too long."""

import asyncio
from collections.abc import Iterator, Sequence

from asyncpg import Record

from chassis.consume.applier import Applier
from chassis.postgres.database import Pool
from chassis.runtime.supervisor import Health

CHECK_SECONDS = 5.0
PARKED = """
    SELECT consumer, count(DISTINCT subject) AS customers, count(*) AS events, min(parked_at) AS since FROM parked_event
    WHERE consumer = ANY($1) GROUP BY consumer ORDER BY consumer
"""


class ParkedWatch:
    """Watches the consumers of a service. The parked events are read from the database, so a restart forgets none."""

    def __init__(self, pool: Pool, consumers: Sequence[str], appliers: Sequence[Applier], health: Health) -> None:
        self._pool = pool
        self._consumers = list(consumers)
        self._appliers = appliers
        self._health = health

    async def run(self) -> None:
        """Report until cancelled. Raises any failure of the database."""
        while True:
            await self.report()
            await asyncio.sleep(CHECK_SECONDS)

    async def report(self) -> None:
        parked = await self._pool.fetch(PARKED, self._consumers)
        problems = [described(row) for row in parked]
        problems += [f"{each.name}: a batch took too long and is applied in halves" for each in self._halving()]
        if problems:
            self._health.failed("; ".join(problems))
        else:
            self._health.ready()

    def _halving(self) -> Iterator[Applier]:
        return (each for each in self._appliers if each.is_halving)


def described(row: Record) -> str:
    since = f"{row['since']:%Y-%m-%d %H:%M} UTC"
    return (
        f"{row['consumer']}: {row['customers']} customers have {row['events']} parked events, the oldest since {since}"
    )
