"""Who is away when: in days, never twice at once, with somebody else standing in."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.examples import ABSENCE_ID, OWNER, example, example_envelope
from contracts.followup import AbsenceCancelled, AbsenceChanged, AbsenceNoted, AbsenceReason
from contracts.followup.absence import MAX_ABSENCE_DAYS
from services.followup.commands.absence import CancelAbsence, ChangeAbsence, NoteAbsence
from services.followup.domain.absence import ABSENCES
from services.followup.projection.absences import AbsenceRow, project
from services.followup.queries.absences import is_covered
from tests.support.spec import Spec

absences = Spec(ABSENCES)
TUESDAY, FRIDAY = date(2024, 6, 11), date(2024, 6, 14)
NOTED = example(AbsenceNoted)
CANCELLED = example(AbsenceCancelled)
DAY = timedelta(days=1)


def note(first: date, last: date, absence_id: UUID | None = None, stand_in_id: str | None = None) -> NoteAbsence:
    return NoteAbsence(
        absence_id=absence_id or uuid4(),
        employee_id=OWNER,
        first_day=first,
        last_day=last,
        stand_in_id=stand_in_id,
        reason=AbsenceReason.TRAVEL,
    )


def change(last: date) -> ChangeAbsence:
    return ChangeAbsence(**dict(note(TUESDAY, last, ABSENCE_ID, "E1003")))


def test_who_goes_away_says_from_when_to_when_and_who_stands_in() -> None:
    absences.given().when(note(TUESDAY, FRIDAY, ABSENCE_ID, "E1003")).then(NOTED)


def test_the_same_absence_is_noted_once() -> None:
    absences.given(NOTED).when(note(TUESDAY, FRIDAY, ABSENCE_ID, "E1003")).then()


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        (FRIDAY, TUESDAY, "absence-days"),
        (TUESDAY, TUESDAY + MAX_ABSENCE_DAYS * DAY, "absence-days"),
    ],
)
def test_an_absence_ends_after_it_began_and_ends_one_day(first: date, last: date, code: str) -> None:
    absences.given().when(note(first, last)).then_rejected(code)


def test_the_longest_absence_is_a_year() -> None:
    command = note(TUESDAY, TUESDAY + (MAX_ABSENCE_DAYS - 1) * DAY)
    absences.given().when(command).then(AbsenceNoted(**dict(command)))


@pytest.mark.parametrize(("first", "last"), [(FRIDAY, FRIDAY + DAY), (TUESDAY - DAY, TUESDAY), (TUESDAY, FRIDAY)])
def test_nobody_is_away_twice_at_once(first: date, last: date) -> None:
    absences.given(NOTED).when(note(first, last)).then_rejected("absence-overlaps")


def test_what_was_called_off_is_in_nobodys_way() -> None:
    command = note(TUESDAY, FRIDAY)
    absences.given(NOTED, CANCELLED).when(command).then(AbsenceNoted(**dict(command)))


def test_nobody_stands_in_for_themselves() -> None:
    absences.given().when(note(TUESDAY, FRIDAY, stand_in_id=OWNER)).then_rejected("stand-in-oneself")


def test_an_absence_can_be_stated_anew() -> None:
    command = change(FRIDAY + DAY)
    absences.given(NOTED).when(command).then(AbsenceChanged(**dict(command)))
    absences.given(NOTED).when(change(FRIDAY)).then()
    absences.given(NOTED, CANCELLED).when(change(FRIDAY + DAY)).then_rejected("absence-cancelled")
    absences.given().when(change(FRIDAY)).then_rejected("absence-unknown")


def test_an_absence_is_called_off_once() -> None:
    absences.given(NOTED).when(CancelAbsence(absence_id=ABSENCE_ID)).then(CANCELLED)
    absences.given(NOTED, CANCELLED).when(CancelAbsence(absence_id=ABSENCE_ID)).then()
    absences.given().when(CancelAbsence(absence_id=ABSENCE_ID)).then_rejected("absence-unknown")


def test_somebody_is_away_until_the_midnight_after_the_last_day() -> None:
    row = project(None, example_envelope(NOTED))
    assert [row.starts_at.isoformat(), row.ends_at.isoformat()] == [
        "2024-06-11T00:00:00+08:00",
        "2024-06-15T00:00:00+08:00",
    ]
    called_off = project(project(row, example_envelope(example(AbsenceChanged))), example_envelope(CANCELLED))
    assert (called_off.last_day, called_off.cancelled_at is not None) == (date(2024, 6, 13), True)


def row_of(first: date, last: date) -> AbsenceRow:
    said = AbsenceNoted(absence_id=uuid4(), employee_id=OWNER, first_day=first, last_day=last)
    return project(None, example_envelope(said))


@given(st.sets(st.integers(0, 12)), st.integers(0, 12), st.integers(0, 12))
def test_days_are_covered_only_where_each_of_them_is(away: set[int], first: int, length: int) -> None:
    rows = [row_of(TUESDAY + day * DAY, TUESDAY + day * DAY) for day in sorted(away)]
    asked = (TUESDAY + first * DAY, TUESDAY + (first + length) * DAY)
    assert is_covered(asked, rows) == (set(range(first, first + length + 1)) <= away)
