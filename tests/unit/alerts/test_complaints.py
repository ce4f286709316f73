"""When the answer to a complaint is due: at its target, not during a pause, and again after a reopening."""

from datetime import timedelta
from uuid import UUID

from contracts.customer import Kind, OwnerAssigned, Registered
from contracts.event import Event
from contracts.examples import example
from contracts.followup import (
    Channel,
    ComplaintAnswered,
    ComplaintClosed,
    ComplaintPaused,
    ComplaintRaised,
    ComplaintReclassified,
    ComplaintReopened,
    ComplaintResumed,
    ComplaintTargetChanged,
    ComplaintTargetSet,
    Severity,
)
from services.alerts.engine.shapes import Owed
from services.alerts.shipped.rules import UNANSWERED_COMPLAINT
from tests.support.customer_life import Watch, day, envelope

COMPLAINT = UUID(int=9, version=4)
raised = ComplaintRaised(channel=Channel.PHONE, severity=Severity.HIGH, owner_id="zhao")
answered = ComplaintAnswered(employee_id="zhao")
RAISED_AGAIN = [("unanswered-complaint", kind) for kind in ("raised", "cleared", "raised")]


def promised(number: float) -> ComplaintTargetSet:
    return example(ComplaintTargetSet, answer_by=day(number))


def promised_anew(number: float) -> ComplaintTargetChanged:
    return example(ComplaintTargetChanged, answer_by=day(number))


def after(*facts: tuple[float, Event]) -> Watch:
    """Return what watches a customer with one complaint, told each fact at its day."""
    known = (Registered(kind=Kind.COMPANY, name="上海腾云"), OwnerAssigned(owner_id="wang"))
    watch = Watch().told(*(envelope(event, 0) for event in known), now=0)
    return told(watch, *facts)


def told(watch: Watch, *facts: tuple[float, Event]) -> Watch:
    for number, fact in facts:
        watch.told(envelope(fact, number, stream=COMPLAINT), now=number)
    return watch


def test_the_promise_says_when_and_not_the_wall_clock() -> None:
    watch = after((1, raised), (1, promised(3)))
    assert watch.asked(2.99).said == []
    (alert,) = watch.asked(3).said
    assert (alert.starts_at, alert.silent_since, alert.threshold) == (day(3), day(1), 2 * 86_400)
    assert alert.summary == "A complaint has had no answer for 2 days; one was due 2026-01-04 08:00 +0800" + WHO
    assert alert.summary_zh == "投诉已有 2 天没有答复，应于 2026-01-04 08:00 +0800 前答复（未分层，跟进期）。"


WHO = " (no tier, follow-up)."


def test_in_a_pause_nothing_is_late_and_afterwards_the_new_time_counts() -> None:
    watch = after((1, raised), (1, promised(3)), (2, ComplaintPaused(reason="waits-for-customer", used_seconds=0)))
    assert watch.asked(20).said == []
    told(watch, (20, ComplaintResumed()), (20, promised_anew(21)))
    assert watch.asked(20.99).said == []
    assert watch.asked(21).told_of() == RAISED_AGAIN[:1]


def test_a_pause_clears_an_overdue_alert_which_is_raised_again_after_it() -> None:
    watch = after((1, raised), (1, promised(3))).asked(3)
    told(watch, (4, ComplaintPaused(reason="waits-for-parts", used_seconds=0)))
    assert watch.told_of() == RAISED_AGAIN[:2]
    told(watch, (6, ComplaintResumed()))
    assert watch.asked(6).told_of() == RAISED_AGAIN[:2]
    told(watch, (6, promised_anew(3)))
    assert watch.asked(6).told_of() == RAISED_AGAIN
    assert watch.said[0].alert_id == watch.said[2].alert_id


def test_a_changed_calendar_moves_the_time() -> None:
    watch = after((1, raised), (1, promised(3)), (2, promised_anew(2.5)))
    assert watch.asked(2.5).told_of() == RAISED_AGAIN[:1]
    told(watch, (2.6, promised_anew(9)))
    assert watch.told_of() == RAISED_AGAIN[:2]
    assert watch.asked(9).told_of() == RAISED_AGAIN


def test_a_reopened_complaint_is_owed_another_answer_by_its_owner() -> None:
    reopened = ComplaintReopened(reason="came-back", owner_id="qian")
    watch = after((1, raised), (1, promised(3)), (2, answered), (4, ComplaintClosed()), (5, reopened))
    assert watch.asked(20).said == []
    told(watch, (20, promised(25)))
    (alert,) = watch.asked(25).said
    assert (alert.owner_id, alert.silent_since, alert.starts_at) == ("qian", day(5), day(25))
    assert told(watch, (26, answered)).told_of() == RAISED_AGAIN[:2]


def test_a_reopened_complaint_without_an_owner_goes_to_the_owner_of_the_customer() -> None:
    watch = after((1, raised), (2, answered), (3, ComplaintReopened(reason="came-back")), (3, promised(4))).asked(4)
    assert watch.said[0].owner_id == "wang"


def test_an_answer_before_the_target_withdraws_the_alert() -> None:
    watch = after((1, raised), (1, promised(3))).asked(3)
    watch.told(envelope(answered, 2.5, recorded=4, stream=COMPLAINT), now=4)
    assert watch.told_of() == [RAISED_AGAIN[0], ("unanswered-complaint", "withdrawn")]


def test_target_changes_of_an_answered_complaint_raise_nothing() -> None:
    watch = after((1, raised), (1, promised(3)), (2, answered), (2.5, promised_anew(2.6)))
    assert watch.state.facts.complaints == {}
    assert watch.asked(3).said == []


def test_what_was_promised_nothing_is_owed_by_the_hours_of_its_severity() -> None:
    assert after((1, raised)).asked(1.5).told_of() == RAISED_AGAIN[:1]
    paused = after((1, raised), (1.1, ComplaintPaused(reason="waits-for-customer", used_seconds=0)))
    assert paused.asked(20).said == []


def weighed(severity: Severity) -> ComplaintReclassified:
    return ComplaintReclassified(previous=Severity.HIGH, severity=severity, reason="weighs-otherwise")


def test_another_severity_moves_the_time_of_what_was_promised_nothing() -> None:
    condition = UNANSWERED_COMPLAINT.condition
    assert isinstance(condition, Owed)
    for severity in Severity:
        (alert,) = after((1, raised), (1.01, weighed(severity))).asked(20).said
        assert alert.starts_at == day(1) + timedelta(hours=condition.hours[severity])


def test_a_lower_severity_clears_what_was_late_and_a_higher_one_is_late_at_once() -> None:
    watch = after((1, raised)).asked(1.5)
    assert watch.told_of() == RAISED_AGAIN[:1]
    told(watch, (1.6, weighed(Severity.LOW)))
    assert watch.told_of() == RAISED_AGAIN[:2]
    told(watch, (1.7, weighed(Severity.CRITICAL)))
    assert watch.asked(1.7).told_of() == RAISED_AGAIN


def test_another_severity_leaves_a_promise_as_it_is() -> None:
    watch = after((1, raised), (1, promised(3)), (1.5, weighed(Severity.CRITICAL)))
    assert watch.asked(2.99).said == []
    assert watch.asked(3).told_of() == RAISED_AGAIN[:1]
