"""The rules of an employee's absences: no overlap, a maximum length, and a stand-in other than the employee."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from chassis.commands.decider import Decider, RejectedError
from contracts import followup as events
from contracts.followup.absence import MAX_ABSENCE_DAYS, AbsenceEvent
from services.followup.commands.absence import AbsenceCommand, CancelAbsence, ChangeAbsence, NoteAbsence

Event = AbsenceEvent


@dataclass(frozen=True, slots=True)
class AbsenceState:
    """The latest version of one absence."""

    latest: events.AbsenceNoted | events.AbsenceChanged
    is_cancelled: bool = False

    @property
    def days(self) -> tuple[date, date]:
        return self.latest.first_day, self.latest.last_day


# All absences of an employee are in one stream, so that no two can overlap, even if recorded at the same time.
Absences = Mapping[UUID, AbsenceState]


def decide(absences: Absences, command: AbsenceCommand) -> list[Event]:
    """Return the events that `command` causes: none if it changes nothing."""
    known = absences.get(command.absence_id)
    match command:
        case CancelAbsence():
            return cancelled(known)
        case ChangeAbsence():
            return changed(absences, known, command)
        case NoteAbsence():
            return [] if known else [events.AbsenceNoted(**dict(checked(absences, command)))]


def changed(absences: Absences, known: AbsenceState | None, command: ChangeAbsence) -> list[Event]:
    if known is None:
        raise unknown()
    if known.is_cancelled:
        raise RejectedError(
            "absence-cancelled",
            "This absence was cancelled. Record a new one instead.",
            "该缺勤已取消，请重新登记。",
        )
    wanted = events.AbsenceChanged(**dict(checked(absences, command)))
    return [] if dict(wanted) | {"type": known.latest.type} == dict(known.latest) else [wanted]


def cancelled(known: AbsenceState | None) -> list[Event]:
    if known is None:
        raise unknown()
    if known.is_cancelled:
        return []
    return [events.AbsenceCancelled(absence_id=known.latest.absence_id, employee_id=known.latest.employee_id)]


def checked(absences: Absences, command: NoteAbsence) -> NoteAbsence:
    """Return the command; raise RejectedError if its days or its stand-in are not allowed."""
    if not 0 <= (command.last_day - command.first_day).days < MAX_ABSENCE_DAYS:
        raise RejectedError(
            "absence-days",
            f"An absence must not end before it begins, and must have at most {MAX_ABSENCE_DAYS} days.",
            f"缺勤的最后一天不得早于第一天，最长 {MAX_ABSENCE_DAYS} 天。",
        )
    if command.stand_in_id == command.employee_id:
        raise RejectedError(
            "stand-in-oneself", "The stand-in must be another employee.", "代理人不能是本人。", "stand_in_id"
        )
    for absence_id, other in absences.items():
        first, last = other.days
        if absence_id == command.absence_id or other.is_cancelled:
            continue
        if first <= command.last_day and command.first_day <= last:
            raise RejectedError(
                "absence-overlaps",
                f"There is already an absence from {first} to {last}. Change or cancel that one.",
                f"已登记 {first} 至 {last} 的缺勤，请修改或取消该记录。",
            )
    return command


def unknown() -> RejectedError:
    return RejectedError("absence-unknown", "There is no such absence.", "没有该缺勤记录。")


def evolve(absences: Absences, event: Event) -> Absences:
    """Apply one event. An event is never refused: it has already happened."""
    match event:
        case events.AbsenceNoted() | events.AbsenceChanged():
            return {**absences, event.absence_id: AbsenceState(event)}
        case events.AbsenceCancelled(absence_id=absence_id):
            return {**absences, absence_id: replace(absences[absence_id], is_cancelled=True)}


ABSENCES: Decider[Absences] = Decider(initial={}, decide=decide, evolve=evolve)
