"""The events of what happens to alerts, as the detector, people and followup write them."""

from typing import Any

from contracts import alerts as events
from contracts.alerts import AlertRaised, AlertState, LadderPublished, QuietHoursPublished
from contracts.customer import EmployeeLeft, EmployeeReturned, OwnerAssigned
from contracts.event import Event
from contracts.examples import example
from contracts.followup import AbsenceNoted
from contracts.followup import absence as absences
from contracts.followup.calendar import CalendarPublished, CalendarYear, WorkInterval, YearStatus
from services.alerts import commands
from services.alerts.domain.alert import fields_of
from tests.silence.ladder_happenings import (
    AbsenceCancelled,
    Acknowledged,
    Assigned,
    Away,
    CalendarVersion,
    Carried,
    Cleared,
    Held,
    LadderVersion,
    Left,
    OfStaff,
    QuietVersion,
    Raised,
    Readdressed,
    Returned,
    Snoozed,
    Unsnoozed,
)


def raised(it: Raised) -> AlertRaised:
    known: dict[str, Any] = {"alert_id": it.alert_id, "rule_id": it.rule_id, "severity": it.severity}
    return example(AlertRaised, **known, owner_id=it.owner_id, silent_since=it.at, starts_at=it.at, updated_at=it.at)


def detected(it: Cleared | Readdressed | Carried, alert: AlertState, customer_id: Any) -> list[Event]:
    """Return what the detector writes about an open alert. The events of a carried one are about the two customers."""
    known = fields_of(alert) | {"updated_at": it.at}
    match it:
        case Cleared(at=at):
            return [events.AlertCleared.model_validate(known | {"status": "resolved", "ends_at": at})]
        case Readdressed(owner_id=owner_id):
            return [events.AlertReaddressed.model_validate(known | {"owner_id": owner_id})]
        case Carried(customer_id=into):
            away = events.AlertCarriedAway.model_validate(known | {"to_customer_id": into})
            return [away, events.AlertCarriedIn.model_validate(known | {"from_customer_id": customer_id})]


def command(it: Acknowledged | Assigned | Snoozed | Unsnoozed) -> commands.AlertCommand:
    match it:
        case Acknowledged():
            return commands.Acknowledge()
        case Assigned(owner_id=owner_id):
            return commands.AssignAlert(owner_id=owner_id)
        case Snoozed(until=until):
            return commands.Snooze(until=until, reason="客户休假")
        case Unsnoozed():
            return commands.Unsnooze()


def ladder(it: LadderVersion, number: int = 1) -> LadderPublished:
    rungs = tuple(events.Rung(after_minutes=after, whom=whom) for after, whom in it.rungs)
    return LadderPublished(
        number=number,
        effective_from=it.effective_from,
        severity=it.severity,
        calendar=it.calendar,
        rungs=rungs,
        reason="A test",
    )


def calendar(it: CalendarVersion, number: int = 1) -> CalendarPublished:
    weekday, saturday = (
        tuple(WorkInterval(start=start, end=end) for start, end in spans) for spans in (it.weekday, it.saturday)
    )
    holidays, workdays = tuple(sorted(it.days_off)), tuple(sorted(it.made_up - it.days_off))
    year = CalendarYear(year=2025, status=YearStatus.PROVISIONAL, holidays=holidays, workdays=workdays)
    return CalendarPublished(
        number=number,
        effective_from=it.effective_from,
        name=it.name,
        zone="Asia/Shanghai",
        week=(*[weekday] * 5, saturday, ()),
        made_up=weekday,
        years=(year,),
    )


def quiet_hours(it: QuietVersion, number: int = 1) -> QuietHoursPublished:
    return QuietHoursPublished(
        number=number, calendar="china-office", windows=it.windows, ignored_by=it.ignored_by, reason="A test"
    )


def staff(it: OfStaff) -> Event:
    match it:
        case Held(owner_id=owner_id, leader_id=leader_id):
            return OwnerAssigned(owner_id=owner_id, leader_id=leader_id)
        case Away():
            days = {"first_day": it.first_day, "last_day": it.last_day, "stand_in_id": it.stand_in_id}
            return example(AbsenceNoted, absence_id=it.absence_id, employee_id=it.employee_id, **days)
        case AbsenceCancelled(absence_id=absence_id, employee_id=employee_id):
            return absences.AbsenceCancelled(absence_id=absence_id, employee_id=employee_id)
        case Left(employee_id=employee_id):
            return EmployeeLeft(employee_id=employee_id)
        case Returned(employee_id=employee_id):
            return EmployeeReturned(employee_id=employee_id)
