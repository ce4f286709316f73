"""The ladders: who is reminded of an open alert, and after how much work time. Data, by severity."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from chassis.rules.calendars.shipped import CHINA_OFFICE
from contracts.alerts import AlertSeverity


class Whom(StrEnum):
    """Who is reminded: the employee who has to act, the leader of the customer's owner, or operations."""

    OWNER = "owner"
    LEADER = "leader"
    OPERATIONS = "operations"


class Rung(NamedTuple):
    """`after` is work time since the alert was raised, without snoozes."""

    after: timedelta
    whom: Whom


# The name of the calendar that counts the work time. A day of it has seven and a half hours.
CALENDAR: Final = CHINA_OFFICE
WORKDAY: Final = timedelta(hours=7, minutes=30)
AT_ONCE: Final = Rung(timedelta(), Whom.OWNER)

LADDERS: Final[Mapping[AlertSeverity, tuple[Rung, ...]]] = {
    AlertSeverity.CRITICAL: (
        AT_ONCE,
        Rung(timedelta(hours=1), Whom.LEADER),
        Rung(timedelta(hours=4), Whom.OPERATIONS),
    ),
    AlertSeverity.ERROR: (AT_ONCE, Rung(WORKDAY, Whom.LEADER), Rung(2 * WORKDAY, Whom.OPERATIONS)),
    AlertSeverity.WARNING: (AT_ONCE, Rung(2 * WORKDAY, Whom.LEADER), Rung(5 * WORKDAY, Whom.OPERATIONS)),
    AlertSeverity.INFO: (AT_ONCE,),
}
