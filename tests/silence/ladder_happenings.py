"""What may happen to alerts and their ladders, in the plain terms of the documentation. Instants are aware."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID

from contracts.alerts import AlertSeverity, QuietWindow, Whom


@dataclass(frozen=True, slots=True)
class Raised:
    at: datetime
    alert_id: UUID
    customer_id: UUID
    rule_id: str
    severity: AlertSeverity
    owner_id: str | None


@dataclass(frozen=True, slots=True)
class Cleared:
    at: datetime
    alert_id: UUID


@dataclass(frozen=True, slots=True)
class Readdressed:
    at: datetime
    alert_id: UUID
    owner_id: str | None


@dataclass(frozen=True, slots=True)
class Carried:
    """The alert continues under another customer."""

    at: datetime
    alert_id: UUID
    customer_id: UUID


@dataclass(frozen=True, slots=True)
class Acknowledged:
    at: datetime
    alert_id: UUID


@dataclass(frozen=True, slots=True)
class Assigned:
    at: datetime
    alert_id: UUID
    owner_id: str


@dataclass(frozen=True, slots=True)
class Snoozed:
    at: datetime
    alert_id: UUID
    until: datetime


@dataclass(frozen=True, slots=True)
class Unsnoozed:
    at: datetime
    alert_id: UUID


@dataclass(frozen=True, slots=True)
class Muted:
    at: datetime
    customer_id: UUID
    rule_id: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Unmuted:
    at: datetime
    customer_id: UUID
    rule_id: str


@dataclass(frozen=True, slots=True)
class LadderVersion:
    """A ladder was published. A rung is minutes of work time and whom it reminds."""

    at: datetime
    severity: AlertSeverity
    calendar: str
    rungs: tuple[tuple[int, Whom], ...]
    effective_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class CalendarVersion:
    """A calendar was published: minutes after midnight of weekdays and of Saturdays, and special days."""

    at: datetime
    name: str
    weekday: tuple[tuple[int, int], ...]
    saturday: tuple[tuple[int, int], ...]
    days_off: frozenset[date]
    made_up: frozenset[date]
    effective_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class QuietVersion:
    at: datetime
    windows: tuple[QuietWindow, ...]
    ignored_by: tuple[AlertSeverity, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """The customer got an owner, whom the leader leads."""

    at: datetime
    customer_id: UUID
    owner_id: str
    leader_id: str | None


@dataclass(frozen=True, slots=True)
class Away:
    at: datetime
    absence_id: UUID
    employee_id: str
    first_day: date
    last_day: date
    stand_in_id: str | None


@dataclass(frozen=True, slots=True)
class AbsenceCancelled:
    at: datetime
    absence_id: UUID
    employee_id: str


@dataclass(frozen=True, slots=True)
class Left:
    at: datetime
    employee_id: str


@dataclass(frozen=True, slots=True)
class Returned:
    at: datetime
    employee_id: str


@dataclass(frozen=True, slots=True)
class Looked:
    """The timer ran."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Restarted:
    at: datetime


OfAlert: TypeAlias = Cleared | Readdressed | Carried | Acknowledged | Assigned | Snoozed | Unsnoozed
OfStaff: TypeAlias = Held | Away | AbsenceCancelled | Left | Returned
Happening: TypeAlias = (
    Raised | OfAlert | OfStaff | Muted | Unmuted | LadderVersion | CalendarVersion | QuietVersion | Looked | Restarted
)


@dataclass(frozen=True, slots=True)
class Rung:
    """A rung was reached: `level` counts from 1. Deliverers wait until `deliver_after`."""

    at: datetime
    alert_id: UUID
    level: int
    whom: str
    employee_ids: tuple[str, ...]
    deliver_after: datetime | None
