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

from chassis.consume.applier import Applier
from chassis.consume.isolation import RETRYABLE, WAITS
from chassis.store.mapper import BrokenStateError

REPLAY_SECONDS = 30.0
# How many customers are tried at a time; in random order, because an event may be broken for every build.
MAX_TRIED = 200
UNREADABLE = "this build cannot read it: "
# How the reasons begin that end with a newer build. A handler may also need a stream that this build cannot read. An
# event that only waits is left over if it was parked while the events before it were replayed.
REASONS = [UNREADABLE, MapperDeserialisationError.__name__, BrokenStateError.__name__, WAITS]
PARKED = """
    SELECT subject, count(*) OVER () AS customers FROM parked_event WHERE consumer = $1
    GROUP BY subject
    HAVING bool_and(EXISTS (SELECT FROM unnest($2::text[]) AS r(start) WHERE starts_with(reason, r.start)))
    ORDER BY random() LIMIT $3
"""


def unreadable(error: MapperDeserialisationError) -> str:
    """Return the reason with which the event is parked."""
    return f"{UNREADABLE}{error}"


class NewerEvents:
    """Replays the customers of one applier that are parked until a newer build runs."""

    def __init__(self, applier: Applier) -> None:
        self._applier = applier
        self._tried_at: float | None = None

    async def replay(self) -> bool:
        """Replay what this build can read, at most every REPLAY_SECONDS. Return whether it was tried now."""
        now = asyncio.get_running_loop().time()
        if self._tried_at is not None and now - self._tried_at < REPLAY_SECONDS:
            return False
        self._tried_at = now
        for row in await self._parked():
            await self._try(row["subject"])
        return True

    async def waiting(self) -> int:
        """Return how many customers wait for a newer build."""
        rows = await self._parked()
        return rows[0]["customers"] if rows else 0

    async def _parked(self) -> Sequence[Record]:
        rows: Sequence[Record] = await self._applier.pool.fetch(PARKED, self._applier.name, REASONS, MAX_TRIED)
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
