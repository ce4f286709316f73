"""Events of the own store that this build cannot read, because a newer build wrote them during an upgrade.

Guarantee. The customer of such an event is parked, and all others are applied. A build that can read the event replays
it by itself, within REPLAY_SECONDS.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import structlog
from asyncpg import Record
from eventsourcing.persistence import MapperDeserialisationError

from chassis.consume.applier import RETRYABLE, Applier
from chassis.runtime.supervisor import Health

REPLAY_SECONDS = 30.0
# How many customers are tried at a time; in random order, because an event may be broken for every build.
MAX_TRIED = 200
UNREADABLE = "this build cannot read it: "
PARKED = """
    SELECT subject, count(*) OVER () AS customers FROM parked_event WHERE consumer = $1 AND starts_with(reason, $2)
    GROUP BY subject ORDER BY random() LIMIT $3
"""


def unreadable(error: MapperDeserialisationError) -> str:
    """Return the reason with which the event is parked."""
    return f"{UNREADABLE}{error}"


class NewerEvents:
    """Replays the parked customers of one applier whose events have become readable, and reports the others."""

    def __init__(self, applier: Applier, health: Health) -> None:
        self._applier = applier
        self._health = health
        self._tried_at: float | None = None

    async def replay(self) -> None:
        """Replay what this build can read, at most every REPLAY_SECONDS, and report what it cannot."""
        now = asyncio.get_running_loop().time()
        if self._tried_at is not None and now - self._tried_at < REPLAY_SECONDS:
            return
        self._tried_at = now
        for row in await self._parked():
            await self._try(row["subject"])
        await self.report()

    async def report(self) -> None:
        """Report in the health of the feed how many customers wait for a newer build."""
        if parked := await self._parked():
            self._health.failed(f"{parked[0]['customers']} customers have events that this build cannot read")
        else:
            self._health.ready()

    async def _parked(self) -> Sequence[Record]:
        rows: Sequence[Record] = await self._applier.pool.fetch(PARKED, self._applier.name, UNREADABLE, MAX_TRIED)
        return rows

    async def _try(self, subject: UUID) -> None:
        log = structlog.get_logger().bind(consumer=self._applier.name)
        try:
            events = await self._applier.replay(subject)
        except MapperDeserialisationError:
            return
        except RETRYABLE:
            raise
        except Exception as error:  # noqa: BLE001 - the customer stays parked, as after any failed replay
            log.warning("applier.not_replayed", reason=type(error).__name__)
        else:
            log.info("applier.replayed", events=events)
