"""What is wrong with the ladder, for the readiness: alerts whose rungs fail, and calendars that were lost."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from chassis.runtime import metrics
from chassis.runtime.failure import describe_error

# A rung that fails is tried again every minute. What has not failed for so long is over, or the alert has ended.
FORGOTTEN_AFTER: Final = timedelta(minutes=5)


class LadderProblems:
    """Problems that stop no other rung. They are found again after a restart."""

    def __init__(self) -> None:
        self.lost_calendars: list[str] = []
        self._failed: dict[UUID, datetime] = {}

    def failed(self, alert_id: UUID, error: Exception, now: datetime) -> None:
        """Log and count that the next rung of an alert could not be reached."""
        structlog.get_logger().error("ladder.rung_failed", alert=str(alert_id), reason=describe_error(error))
        metrics.LADDER_FAILURES.inc()
        self._failed[alert_id] = now

    def succeeded(self, alert_id: UUID) -> None:
        self._failed.pop(alert_id, None)

    def text(self, now: datetime) -> str | None:
        """Return one line about all problems; None without any."""
        self._failed = {each: at for each, at in self._failed.items() if now - at < FORGOTTEN_AFTER}
        found = [f"no version of the calendar {name} is known, the shipped one counts" for name in self.lost_calendars]
        if self._failed:
            found.append(f"the rungs of {len(self._failed)} alerts fail; the log says which, and why")
        return "; ".join(found) or None
