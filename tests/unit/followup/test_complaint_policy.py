"""What is target_of to whoever complains, as data: versions, other severities, and what is late."""

from typing import TypeVar

import pytest
from pydantic import ValidationError

from contracts.examples import example
from contracts.followup import (
    ComplaintAnswered,
    ComplaintPaused,
    ComplaintPolicyPublished,
    ComplaintReclassified,
    ComplaintTargetChanged,
    ComplaintTargetSet,
    Severity,
)
from services.followup.commands import Reclassify
from services.followup.commands.complaint import ComplaintStep, WorkMoment
from services.followup.commands.complaint_policy import PublishComplaintPolicy
from services.followup.complaints.escalation import late_levels
from services.followup.domain.complaint import COMPLAINT
from services.followup.domain.complaint_policy import policy_of
from services.followup.shipped.complaint_policy import SHIPPED as POLICY
from services.followup.shipped.complaint_policy import target_of
from tests.unit.followup.test_complaint_clock import RAISE, at, calendar, complaint, when

C = TypeVar("C", bound=ComplaintStep)
PATIENT = PublishComplaintPolicy.model_validate(
    {
        "targets": [{"severity": each, "answer_minutes": 300, "resolve_minutes": 3_000} for each in Severity],
        "consent_workdays": 7,
    }
)


def version_2() -> ComplaintPolicyPublished:
    return policy_of(PATIENT).model_copy(update={"number": 2})


def test_a_tier_without_a_target_of_its_own_has_that_of_any() -> None:
    assert target_of(version_2(), Severity.LOW, "vip").answer_minutes == 300


def test_a_severity_that_is_left_out_has_the_target_that_ships() -> None:
    published = policy_of(PublishComplaintPolicy(targets=PATIENT.targets[:1]))
    assert target_of(published, Severity.CRITICAL, None) == target_of(POLICY, Severity.CRITICAL, None)
    assert target_of(published, Severity.LOW, None).answer_minutes == 300


@pytest.mark.parametrize(
    "targets",
    [
        (*PATIENT.targets, PATIENT.targets[0]),
        [{"severity": "low", "answer_minutes": 301, "resolve_minutes": 300}, *PATIENT.targets[1:]],
    ],
    ids=["one stands twice", "resolved before it is answered"],
)
def test_a_policy_that_leaves_something_open_is_refused(targets: list[object]) -> None:
    with pytest.raises(ValidationError):
        PublishComplaintPolicy.model_validate({"targets": targets})


def under(policy: ComplaintPolicyPublished, command: C, text: str) -> C:
    copied = command.model_copy()
    copied._moment = WorkMoment(at(text), calendar, None, None, policy)
    return copied


def test_a_clock_begins_under_the_policy_in_force_and_names_it() -> None:
    _raised, target = COMPLAINT.decide(None, under(version_2(), RAISE, "2026-03-02T09:00"))
    assert isinstance(target, ComplaintTargetSet)
    assert (target.policy_number, target.answer_minutes) == (2, 300)


def test_another_severity_changes_the_targets_and_keeps_what_was_used() -> None:
    facts = COMPLAINT.decide(None, when(RAISE, "2026-03-02T09:00"))
    asked = when(Reclassify(severity=Severity.NORMAL, reason="one-user"), "2026-03-02T10:00")
    said, target = COMPLAINT.decide(COMPLAINT.fold(None, facts), asked)
    assert said == ComplaintReclassified(previous=Severity.HIGH, severity=Severity.NORMAL, reason="one-user")
    assert isinstance(target, ComplaintTargetChanged)
    assert (target.used_seconds, target.answer_minutes, target.policy_number) == (3_600, 240, 1)
    assert target.answer_by == at("2026-03-02T14:30")


def test_the_severity_it_has_changes_nothing_and_a_clock_that_stands_still_is_resumed_first() -> None:
    facts = COMPLAINT.decide(None, when(RAISE, "2026-03-02T09:00"))
    same = Reclassify(severity=Severity.HIGH, reason="as-before")
    complaint.given(*facts).when(when(same, "2026-03-02T10:00")).then()
    paused = ComplaintPaused(reason="waits-for-customer", used_seconds=60)
    other = Reclassify(severity=Severity.LOW, reason="one-user")
    complaint.given(*facts, paused).when(when(other, "2026-03-02T10:00")).then_rejected("complaint-paused")


@pytest.mark.parametrize(
    ("text", "levels"),
    [("2026-03-02T11:00", []), ("2026-03-02T11:01", [1]), ("2026-03-04T09:01", [1, 2])],
    ids=["just in time", "unanswered too long", "unresolved too long"],
)
def test_what_is_late_is_the_answer_then_the_resolution(text: str, levels: list[int]) -> None:
    facts = COMPLAINT.decide(None, when(RAISE, "2026-03-02T09:00"))
    state = COMPLAINT.fold(None, facts)
    assert state
    assert [level for level, _ in late_levels(state, WorkMoment(at(text), calendar))] == levels


def test_what_is_answered_or_stands_still_is_not_late() -> None:
    facts = COMPLAINT.decide(None, when(RAISE, "2026-03-02T09:00"))
    for further in (example(ComplaintAnswered), ComplaintPaused(reason="waits-for-customer", used_seconds=60)):
        state = COMPLAINT.fold(None, [*facts, further])
        assert state
        assert late_levels(state, WorkMoment(at("2026-03-09T09:00"), calendar)) == []
