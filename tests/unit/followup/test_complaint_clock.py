"""The clock of a complaint in examples: what is target_of, what stops it, and who is judged when."""

from datetime import datetime
from typing import TypeVar

import pytest

from chassis.rules.calendars.shipped import CHINA_OFFICE, SHIPPED
from chassis.rules.calendars.work_calendar import working
from contracts.examples import OWNER, example
from contracts.followup import (
    Channel,
    ComplaintAnswered,
    ComplaintAssigned,
    ComplaintClosed,
    ComplaintCommunicated,
    ComplaintConfirmed,
    ComplaintConsented,
    ComplaintPaused,
    ComplaintRaised,
    ComplaintReopened,
    ComplaintResumed,
    ComplaintTargetChanged,
    ComplaintTargetSet,
    Severity,
)
from contracts.followup.complaint import ComplaintEvent
from services.followup.commands import (
    Answer,
    AssignComplaint,
    Close,
    Communicate,
    ComplaintCommand,
    Consent,
    Pause,
    Raise,
    Reopen,
    Repromise,
    Resume,
)
from services.followup.commands.complaint import ComplaintStep, WorkMoment
from services.followup.domain.complaint import COMPLAINT, Complaint
from services.followup.shipped.complaint_policy import SHIPPED as POLICY
from services.followup.shipped.complaint_policy import target_of
from tests.support.spec import Spec

complaint = Spec(COMPLAINT)
calendar = SHIPPED[CHINA_OFFICE]
C = TypeVar("C", bound=ComplaintStep)
RAISE = Raise(channel=Channel.PHONE, severity=Severity.HIGH, owner_id=OWNER)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=working(calendar).zone)


def when(command: C, text: str, tier: str | None = None) -> C:
    copied = command.model_copy()
    copied._moment = WorkMoment(at(text), calendar, tier)
    return copied


def lived(*steps: tuple[ComplaintCommand, str]) -> list[ComplaintEvent]:
    """Return what a complaint has gone through after these steps at these times."""
    state: Complaint | None = None
    found: list[ComplaintEvent] = []
    for command, text in steps:
        earned = list(COMPLAINT.decide(state, when(command, text)))
        state, found = COMPLAINT.fold(state, earned), found + earned
    return found


def last_target(facts: list[ComplaintEvent]) -> ComplaintTargetSet | ComplaintTargetChanged:
    return next(fact for fact in reversed(facts) if isinstance(fact, ComplaintTargetSet | ComplaintTargetChanged))


def test_raising_sets_the_times_by_which_it_must_be_answered_and_resolved() -> None:
    raised, target = lived((RAISE, "2026-03-06 17:00"))

    assert isinstance(raised, ComplaintRaised)
    assert isinstance(target, ComplaintTargetSet)
    assert (target.answer_by, target.resolve_by) == (at("2026-03-09 10:00"), at("2026-03-10 17:00"))
    assert (target.calendar, target.calendar_number, target.provisional) == ("china-office", 1, False)


def test_a_target_in_a_year_without_a_notice_says_that_it_is_provisional() -> None:
    assert last_target(lived((RAISE, "2026-12-31 17:00"))).provisional


@pytest.mark.parametrize(
    ("severity", "tier", "minutes"),
    [
        (Severity.CRITICAL, None, (60, 450)),
        (Severity.CRITICAL, "vip", (30, 225)),
        (Severity.NORMAL, "growth", (240, 2_250)),
        (Severity.LOW, "a", (225, 2_250)),
    ],
)
def test_the_promise_follows_severity_and_tier(severity: Severity, tier: str | None, minutes: tuple[int, int]) -> None:
    found = target_of(POLICY, severity, tier)
    assert (found.answer_minutes, found.resolve_minutes) == minutes


def test_a_pause_stops_the_clock_and_keeps_what_was_used() -> None:
    facts = lived(
        (RAISE, "2026-03-02 09:00"),
        (Pause(reason="waits-for-customer"), "2026-03-02 10:00"),
        (Resume(), "2026-03-03 14:00"),
    )

    assert facts[2:4] == [ComplaintPaused(reason="waits-for-customer", used_seconds=3_600), ComplaintResumed()]
    assert (last_target(facts).answer_by, last_target(facts).used_seconds) == (at("2026-03-03 15:00"), 3_600)


@pytest.mark.parametrize(
    ("paused_at", "resumed_at"),
    [
        ("2026-03-06 18:00", "2026-03-09 09:00"),
        ("2026-03-02 12:00", "2026-03-02 13:30"),
        ("2026-03-07 10:00", "2026-03-08 20:00"),
    ],
)
def test_a_pause_outside_work_time_moves_nothing(paused_at: str, resumed_at: str) -> None:
    before = lived((RAISE, "2026-03-02 09:00"))
    after = lived((RAISE, "2026-03-02 09:00"), (Pause(reason="night"), paused_at), (Resume(), resumed_at))
    if paused_at < "2026-03-03":
        assert last_target(after).answer_by == last_target(before).answer_by
        assert last_target(after).resolve_by == last_target(before).resolve_by
    spent = working(calendar).elapsed(at("2026-03-02 09:00"), at(paused_at))
    assert last_target(after).used_seconds == spent.total_seconds()


def test_pausing_and_resuming_twice_records_nothing_new() -> None:
    pause, resume = when(Pause(reason="night"), "2026-03-02 11:00"), when(Resume(), "2026-03-02 11:00")
    paused = lived((RAISE, "2026-03-02 09:00"), (pause, "2026-03-02 10:00"))
    complaint.given(*paused).when(pause).then()
    complaint.given(*lived((RAISE, "2026-03-02 09:00"))).when(resume).then()


def test_assigning_resets_nothing() -> None:
    facts = lived((RAISE, "2026-03-02 09:00"), (AssignComplaint(owner_id="E2002"), "2026-03-02 10:00"))
    assert facts[2:] == [ComplaintAssigned(previous_owner_id=OWNER, owner_id="E2002")]
    state = COMPLAINT.fold(None, facts)
    assert state is not None
    assert state.clock is not None
    assert (state.owner_id, state.clock.target) == ("E2002", facts[1])


@pytest.mark.parametrize(
    ("text", "answered", "resolved"),
    [
        ("2026-03-02 11:00", True, True),
        ("2026-03-02 11:01", False, True),
        ("2026-03-03 18:00", False, True),
        ("2026-03-04 09:01", False, False),
    ],
)
def test_an_answer_is_judged_when_it_is_given(text: str, answered: bool, resolved: bool) -> None:
    answer = lived((RAISE, "2026-03-02 09:00"), (Answer(employee_id=OWNER), text))[-1]
    assert isinstance(answer, ComplaintAnswered)
    assert (answer.answered_in_time, answer.resolved_in_time) == (answered, resolved)


def test_a_late_answer_in_a_pause_that_began_in_time_is_in_time() -> None:
    steps: list[tuple[ComplaintCommand, str]] = [
        (RAISE, "2026-03-02 09:00"),
        (Pause(reason="parts"), "2026-03-02 10:00"),
    ]
    answer = lived(*steps, (Answer(employee_id=OWNER), "2026-03-20 10:00"))[-1]
    assert isinstance(answer, ComplaintAnswered)
    assert (answer.answered_in_time, answer.resolved_in_time) == (True, True)


COMMUNICATED: list[tuple[ComplaintCommand, str]] = [
    (RAISE, "2026-02-11 09:00"),
    (Answer(employee_id=OWNER), "2026-02-11 10:00"),
    (Communicate(channel=Channel.PHONE), "2026-02-11 16:00"),
]


def test_silence_counts_in_workdays_over_a_long_holiday() -> None:
    told = lived(*COMMUNICATED)[-1]
    assert told == ComplaintCommunicated(channel=Channel.PHONE, consent_at=at("2026-02-25 16:00"), consent_workdays=5)


def test_silence_is_consent_once_it_has_lasted() -> None:
    given = complaint.given(*lived(*COMMUNICATED))
    given.when(when(Consent(), "2026-02-25 15:59")).then()
    given.when(when(Consent(), "2026-02-25 16:00")).then(ComplaintConsented(workdays=5, as_of=at("2026-02-25 16:00")))


@pytest.mark.parametrize("fact", [example(ComplaintConfirmed), example(ComplaintConsented), example(ComplaintAnswered)])
def test_whoever_has_spoken_meanwhile_does_not_consent_by_silence(fact: ComplaintEvent) -> None:
    complaint.given(*lived(*COMMUNICATED), fact).when(when(Consent(), "2026-03-25 16:00")).then()


def test_consent_closes_like_a_confirmation() -> None:
    facts = lived(*COMMUNICATED, (Consent(), "2026-02-25 16:00"))
    complaint.given(*facts).when(Close(resolution="repaired")).then(
        ComplaintClosed(resolution="repaired", resolved_in_time=True)
    )


def test_communicating_needs_an_answer() -> None:
    complaint.given(*lived((RAISE, "2026-03-02 09:00"))).when(
        when(Communicate(channel=Channel.PHONE), "2026-03-02 10:00")
    ).then_rejected("complaint-unanswered")


def test_reopening_starts_a_new_clock() -> None:
    facts = lived(*COMMUNICATED, (Consent(), "2026-02-25 16:00"), (Close(), "2026-02-25 17:00"))
    reopened, target = COMPLAINT.decide(
        COMPLAINT.fold(None, facts), when(Reopen(reason="came-back"), "2026-03-02 09:00")
    )
    assert reopened == ComplaintReopened(reason="came-back", owner_id="E1007")
    assert (target.answer_by, target.used_seconds) == (at("2026-03-02 11:00"), 0)


def test_an_open_complaint_cannot_be_reopened() -> None:
    complaint.given(*lived(*COMMUNICATED)).when(Reopen(reason="came-back")).then_rejected("complaint-open")


@pytest.mark.parametrize("command", [Pause(reason="night"), Resume()])
def test_a_complaint_from_before_there_were_clocks_has_none_to_stop(command: ComplaintCommand) -> None:
    complaint.given(example(ComplaintRaised)).when(command).then_rejected("complaint-unclocked")


def test_a_closed_complaint_is_given_to_nobody() -> None:
    facts = lived(*COMMUNICATED, (Consent(), "2026-02-25 16:00"), (Close(), "2026-02-25 17:00"))
    complaint.given(*facts).when(AssignComplaint(owner_id="E2002")).then_rejected("complaint-closed")
    complaint.given(*facts).when(when(Pause(reason="night"), "2026-02-25 17:00")).then_rejected("complaint-settled")


def test_seconds_used_before_a_pause_are_kept_to_the_second() -> None:
    facts = lived(
        (RAISE, "2026-03-02 09:00:00"),
        (Pause(reason="parts"), "2026-03-02 09:00:30"),
        (Resume(), "2026-03-02 10:00:30"),
    )
    assert last_target(facts).answer_by == at("2026-03-02 12:00")


def under(command: C, text: str, week: tuple[object, ...], number: int = 2) -> C:
    """Return the step under a later version of the calendar, with another week."""
    later = calendar.model_copy(update={"number": number, "week": week})
    copied = command.model_copy()
    copied._moment = WorkMoment(at(text), later, None, calendar)
    return copied


MONDAYS_ONLY = (calendar.week[0], *((),) * 6)


def test_a_new_version_of_the_calendar_promises_again_and_keeps_what_was_used() -> None:
    facts = lived((RAISE, "2026-03-02 17:00"))
    (changed,) = COMPLAINT.decide(COMPLAINT.fold(None, facts), under(Repromise(), "2026-03-02 20:00", MONDAYS_ONLY))

    assert isinstance(changed, ComplaintTargetChanged)
    assert (changed.used_seconds, changed.calendar_number) == (3_600, 2)
    assert (last_target(facts).answer_by, changed.answer_by) == (at("2026-03-03 10:00"), at("2026-03-09 10:00"))


def test_a_new_version_that_moves_nothing_says_nothing() -> None:
    facts = lived((RAISE, "2026-03-02 09:00"))
    complaint.given(*facts).when(under(Repromise(), "2026-03-02 10:00:00.5", calendar.week)).then()
    complaint.given(*facts).when(under(Repromise(), "2026-03-02 10:00", MONDAYS_ONLY, number=1)).then()


def test_what_stands_still_or_is_settled_is_promised_nothing_new() -> None:
    paused = lived((RAISE, "2026-03-02 09:00"), (Pause(reason="parts"), "2026-03-02 10:00"))
    complaint.given(*paused).when(under(Repromise(), "2026-03-02 20:00", MONDAYS_ONLY)).then()
    settled = lived(*COMMUNICATED, (Consent(), "2026-02-25 16:00"))
    complaint.given(*settled).when(under(Repromise(), "2026-03-02 20:00", MONDAYS_ONLY)).then()
