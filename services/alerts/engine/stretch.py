"""A stretch: a time in which something that a rule waits for has not happened, or has happened too often."""

from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from contracts.alerts import Unit
from services.alerts.engine.occurrence import Occurrence

NEVER_DUE = datetime(9000, 1, 1, tzinfo=UTC)
ALWAYS_DUE = datetime(1970, 1, 1, tzinfo=UTC)


class Beginning(Enum):
    """What another beginning means for an open episode of the same rule about the same.

    OWN: it is another episode. MOVES: a beginning before the alert's start moves the episode. KEPT: the episode keeps
    the beginning that it had when it was raised.
    """

    OWN = "own"
    MOVES = "moves"
    KEPT = "kept"


class Measure(NamedTuple):
    """What was measured, if it is not the length of the stretch, and its limit."""

    value: int
    threshold: int
    unit: Unit


class Stretch(Struct, frozen=True, gc=False):
    """From `due_at` until `closes_at`, the rule is broken, unless `settled` says what ended the stretch.

    `concerns_id` is the task or complaint, if the stretch is about one. `employee_id` is who has to act. `component` is
    the part of the customer's life that it belongs to. `counts` is the feature whose events from `since` on are behind
    it; without it, `since` is the only one. `is_older` says that it may have begun earlier, with events that the memory
    has forgotten. With `is_continuation`, it is only an open episode that goes on: it begins none.
    """

    since: Occurrence
    due_at: datetime
    employee_id: str | None
    component: str
    concerns_id: UUID | None = None
    settled: Occurrence | None = None
    closes_at: datetime = NEVER_DUE
    measure: Measure | None = None
    counts: str | None = None
    is_older: bool = False
    is_continuation: bool = False

    @property
    def threshold(self) -> timedelta:
        """Return how long the stretch may last."""
        return self.due_at - self.since.at
