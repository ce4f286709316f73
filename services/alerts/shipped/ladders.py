"""The shipped ladders: who is reminded of an open alert, and after how much work time. Data, by severity."""

from collections.abc import Mapping
from typing import Final

from chassis.rules.calendars.shipped import CHINA_OFFICE
from contracts.alerts import AlertSeverity, LadderPublished, Rung, Whom

HOUR: Final = 60
# A day of the shipped calendar has seven and a half hours.
WORKDAY: Final = 450
AT_ONCE: Final = Rung(after_minutes=0, whom=Whom.OWNER)


def ladder(
    severity: AlertSeverity, leader_after: int | None = None, operations_after: int | None = None
) -> LadderPublished:
    """Return a shipped ladder: the owner at once, the others after so many minutes of work time."""
    later = ((leader_after, Whom.LEADER), (operations_after, Whom.OPERATIONS))
    rungs = (AT_ONCE, *(Rung(after_minutes=after, whom=whom) for after, whom in later if after is not None))
    return LadderPublished(
        number=1, severity=severity, calendar=CHINA_OFFICE, rungs=rungs, reason="Shipped with the product"
    )


LADDERS: Final[Mapping[str, LadderPublished]] = {
    each.severity: each
    for each in (
        ladder(AlertSeverity.CRITICAL, HOUR, 4 * HOUR),
        ladder(AlertSeverity.ERROR, WORKDAY, 2 * WORKDAY),
        ladder(AlertSeverity.WARNING, 2 * WORKDAY, 5 * WORKDAY),
        ladder(AlertSeverity.INFO),
    )
}
