"""A stretch: a time in which something that a rule waits for has not happened."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.alerts.engine.occurrence import Occurrence

NEVER_DUE = datetime(9000, 1, 1, tzinfo=UTC)
ALWAYS_DUE = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `due_at` on, the rule is broken, unless `settled` says what ended the stretch.

    `concerns_id` is the task or complaint, if the stretch is about one. `employee_id` is who has to act. `component` is
    the part of the customer's life that it belongs to.
    """

    since: Occurrence
    due_at: datetime
    employee_id: str | None
    component: str
    concerns_id: UUID | None = None
    settled: Occurrence | None = None

    @property
    def threshold(self) -> timedelta:
        """Return how long the stretch may last."""
        return self.due_at - self.since.at
