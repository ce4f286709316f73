"""Appends the events of stored changes, a part at a time. A change that fails holds up those of its alert only."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from chassis.consume.isolation import RETRYABLE
from chassis.postgres.database import Pool, connection
from chassis.runtime.clock import Clock, utc_now
from chassis.runtime.failure import describe_error
from services.alerts.detection import pending_changes
from services.alerts.detection.detector import Detector

# When an alert whose changes failed is tried again.
RETRY: Final = timedelta(minutes=1)
# The changes of a part. An alert with more is a part of its own.
CHANGES_AT_ONCE: Final = 100
# After each part, so that lists, relay and detector keep up with other customers meanwhile.
PAUSE_SECONDS: Final = 0.25


class PendingTimer:
    """`run_due` appends the next part. A timer calls it."""

    def __init__(
        self, pool: Pool, detector: Detector, clock: Clock = utc_now, pause_seconds: float = PAUSE_SECONDS
    ) -> None:
        self._pool = pool
        self._detector = detector
        self._clock = clock
        self._pause_seconds = pause_seconds
        self._failed: dict[UUID, datetime] = {}

    def problem(self) -> str | None:
        """Return in one line what is wrong, although other changes are appended; None if nothing is."""
        if not self._failed:
            return None
        return f"the changes of {len(self._failed)} alerts cannot be appended; the log says which, and why"

    async def run_due(self) -> int:
        """Return how many alerts were handled. Failed ones are tried again after RETRY."""
        now = self._clock()
        self._failed = {alert_id: at for alert_id, at in self._failed.items() if now - at < RETRY}
        async with connection(self._pool) as held:
            alert_ids = await pending_changes.following(held, self._failed, CHANGES_AT_ONCE)
        if not alert_ids:
            return 0
        handled = await self._attempt(alert_ids)
        await asyncio.sleep(self._pause_seconds)
        return handled

    async def _attempt(self, alert_ids: Sequence[UUID]) -> int:
        try:
            await self._detector.append_pending(alert_ids)
        except RETRYABLE:
            raise
        except Exception as error:  # noqa: BLE001 - any other failure is caused by a change
            if len(alert_ids) == 1:
                self._fail(alert_ids[0], error)
                return 1
            return sum([await self._attempt([each]) for each in alert_ids])
        return len(alert_ids)

    def _fail(self, alert_id: UUID, error: Exception) -> None:
        structlog.get_logger().error("pending_change.failed", alert=str(alert_id), reason=describe_error(error))
        self._failed[alert_id] = self._clock()
