"""The rules of one person's absences: never two at once, never without end, and nobody stands in for themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from chassis.commands.decider import Decider, RejectedError
from contracts import followup as events
from contracts.followup.absence import MAX_ABSENCE_DAYS, AbsenceDetails, AbsenceEvent
from services.followup.commands.absence import AbsenceCommand, CancelAbsence, ChangeAbsence, NoteAbsence

Event = AbsenceEvent


@dataclass(frozen=True, slots=True)
class AbsenceState:
    """The latest version of one absence."""

    said: AbsenceDetails
    is_cancelled: bool = False

    @property
    def days(self) -> tuple[date, date]:
        return self.said.first_day, self.said.last_day


# All absences of an employee are in one stream, so that no two can overlap, even if recorded at the same time.
Absences = Mapping[UUID, AbsenceState]


def decide(absences: Absences, command: AbsenceCommand) -> list[Event]:
    """Return the events that `command` earns: none when what it asks for already holds."""
    known = absences.get(command.absence_id)
    match command:
        case CancelAbsence():
            return cancelled(known)
        case ChangeAbsence():
            return changed(absences, known, command)
        case NoteAbsence():
            return [] if known else [events.AbsenceNoted(**dict(fitting(absences, command)))]


def changed(absences: Absences, known: AbsenceState | None, command: ChangeAbsence) -> list[Event]:
    if known is None:
        raise unknown()
    if known.is_cancelled:
        raise RejectedError(
            "absence-cancelled",
            "This absence was called off: note another one instead.",
            "该缺勤已取消，请另行登记。",
        )
    wanted = events.AbsenceChanged(**dict(fitting(absences, command)))
    return [] if dict(wanted) | {"type": known.said.type} == dict(known.said) else [wanted]


def cancelled(known: AbsenceState | None) -> list[Event]:
    if known is None:
        raise unknown()
    if known.is_cancelled:
        return []
    return [events.AbsenceCancelled(absence_id=known.said.absence_id, employee_id=known.said.employee_id)]


def fitting(absences: Absences, command: NoteAbsence) -> NoteAbsence:
    """Return the command as it is; raise RejectedError where its days or its stand-in do not fit."""
    if not 0 <= (command.last_day - command.first_day).days < MAX_ABSENCE_DAYS:
        raise RejectedError(
            "absence-days",
            f"An absence ends on the day it begins or later, and lasts {MAX_ABSENCE_DAYS} days at most.",
            f"缺勤的最后一天不得早于第一天，最长 {MAX_ABSENCE_DAYS} 天。",
        )
    if command.stand_in_id == command.employee_id:
        raise RejectedError("stand-in-oneself", "Somebody else has to stand in.", "代理人不能是本人。")
    for absence_id, other in absences.items():
        first, last = other.days
        if absence_id == command.absence_id or other.is_cancelled:
            continue
        if first <= command.last_day and command.first_day <= last:
            raise RejectedError(
                "absence-overlaps",
                f"There is an absence from {first} to {last} already: change or cancel that one.",
                f"已登记 {first} 至 {last} 的缺勤：请修改或取消该记录。",
            )
    return command


def unknown() -> RejectedError:
    return RejectedError("absence-unknown", "No such absence has been noted.", "没有登记过该缺勤。")


def evolve(absences: Absences, event: Event) -> Absences:
    """Apply one fact. A fact is never refused: it has already happened."""
    match event:
        case events.AbsenceNoted() | events.AbsenceChanged():
            return {**absences, event.absence_id: AbsenceState(event)}
        case events.AbsenceCancelled(absence_id=absence_id):
            return {**absences, absence_id: replace(absences[absence_id], is_cancelled=True)}


ABSENCES: Decider[Absences] = Decider(initial={}, decide=decide, evolve=evolve)
