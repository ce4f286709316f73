"""The engine in examples: when silence raises an alert, and when it does not."""

from itertools import permutations
from uuid import uuid4, uuid5

import pytest

from contracts.alerts import AlertSeverity
from contracts.customer import CustomerErased, Kind, OwnerAssigned, Registered, Stage, StageChanged, TierChanged
from contracts.event import Event
from contracts.followup import (
    Channel,
    ComplaintAnswered,
    ComplaintAssigned,
    ComplaintRaised,
    ContactLogged,
    Direction,
    Severity,
    TaskCancelled,
    TaskCompleted,
    TaskReassigned,
    TaskRescheduled,
    TaskScheduled,
)
from services.alerts.engine.findings import NAMESPACE, alert_id_of
from services.alerts.engine.stretch import NEVER_DUE
from tests.support.customer_life import Watch, day, envelope

registered = Registered(kind=Kind.COMPANY, name="上海腾云")
vip = TierChanged(scheme="default", tier="vip")
established = StageChanged(previous=Stage.NEW, stage=Stage.ESTABLISHED)
owned = OwnerAssigned(owner_id="wang")


def contact(*, automated: bool = False, direction: Direction = Direction.OUTBOUND) -> ContactLogged:
    return ContactLogged(channel=Channel.PHONE, direction=direction, employee_id="wang", automated=automated)


def a_known_vip() -> Watch:
    """A VIP in maintenance mode since day 0: 30 days of silence are too long."""
    return Watch().told(*(envelope(event, 0) for event in (registered, vip, established, owned)), now=0)


def test_silence_raises_an_alert_at_its_threshold_and_not_before() -> None:
    watch = a_known_vip()
    assert watch.next_due_at == day(30)
    assert watch.asked(29.99).said == []
    assert watch.asked(30).told_of() == [("inactivity", "raised")]


def test_silence_is_raised_once_however_often_we_look() -> None:
    watch = a_known_vip().asked(30).asked(31).asked(365)
    assert watch.told_of() == [("inactivity", "raised")]
    assert watch.next_due_at == NEVER_DUE


@pytest.mark.parametrize("direction", list(Direction))
def test_a_contact_in_any_direction_ends_the_silence_and_starts_the_next_clock(direction: Direction) -> None:
    watch = a_known_vip().asked(31).told(envelope(contact(direction=direction), 32), now=32)
    assert watch.told_of() == [("inactivity", "raised"), ("inactivity", "cleared")]
    assert watch.next_due_at == day(62)


def test_an_automated_touch_ends_nothing() -> None:
    watch = a_known_vip().asked(31).told(envelope(contact(automated=True), 32), now=32)
    assert watch.told_of() == [("inactivity", "raised")]


def test_a_contact_recorded_late_withdraws_what_it_disproves() -> None:
    watch = a_known_vip().asked(31).told(envelope(contact(), 20, recorded=33), now=33)
    assert watch.told_of() == [("inactivity", "raised"), ("inactivity", "withdrawn")]
    assert watch.asked(50).told_of()[2:] == [("inactivity", "raised")]
    assert watch.said[2].silent_since == day(20)


def test_a_contact_recorded_late_but_made_too_late_clears_only() -> None:
    watch = a_known_vip().asked(31).told(envelope(contact(), 30.5, recorded=33), now=33)
    assert watch.told_of()[1] == ("inactivity", "cleared")
    assert watch.said[1].ends_at == day(30.5)


def test_an_older_contact_changes_nothing() -> None:
    watch = a_known_vip().told(envelope(contact(), 10), now=10).told(envelope(contact(), 5, recorded=12), now=12)
    assert watch.next_due_at == day(40)


def test_a_lost_customer_is_not_watched_for_silence() -> None:
    lost = StageChanged(previous=Stage.ESTABLISHED, stage=Stage.LOST)
    watch = a_known_vip().asked(31).told(envelope(lost, 40), now=40)
    assert watch.told_of() == [("inactivity", "raised"), ("inactivity", "cleared")]
    assert watch.next_due_at == NEVER_DUE


def test_a_tier_that_allows_more_time_clears_until_that_is_over() -> None:
    ordinary = TierChanged(scheme="default", previous="vip", tier="ordinary")
    watch = a_known_vip().asked(31).told(envelope(ordinary, 40), now=40)
    assert watch.told_of() == [("inactivity", "raised"), ("inactivity", "cleared")]
    assert watch.asked(120).told_of()[2:] == [("inactivity", "raised")]


def test_before_the_deal_the_clock_is_denser() -> None:
    watch = Watch().told(envelope(registered, 0), envelope(vip, 0), now=0)
    assert watch.next_due_at == day(7)


def test_a_follow_up_that_is_due_and_not_done_is_missed() -> None:
    task = uuid4()
    scheduled = envelope(TaskScheduled(assignee_id="li", due_at=day(3)), 1, stream=task)
    watch = a_known_vip().told(scheduled, now=1).asked(3)
    assert watch.told_of() == [("missed-follow-up", "raised")]
    assert (watch.said[0].concerns_id, watch.said[0].owner_id, watch.said[0].causes) == (task, "li", (scheduled.id,))


def test_what_passed_on_to_somebody_else_is_missed_by_them_and_no_later() -> None:
    task, complaint = uuid4(), uuid4()
    passed = TaskReassigned(previous_assignee_id="li", assignee_id="zhao", reason="handover")
    watch = a_known_vip().told(
        envelope(TaskScheduled(assignee_id="li", due_at=day(3)), 1, stream=task),
        envelope(ComplaintRaised(channel=Channel.PHONE, severity=Severity.HIGH, owner_id="li"), 1, stream=complaint),
        envelope(passed, 2, stream=task),
        envelope(ComplaintAssigned(previous_owner_id="li", owner_id="zhao"), 2, stream=complaint),
        now=2,
    )
    assert [(alert.rule_id, alert.owner_id) for alert in watch.asked(3).said] == [
        ("missed-follow-up", "zhao"),
        ("unanswered-complaint", "zhao"),
    ]


@pytest.mark.parametrize(
    ("event", "occurred", "ending"),
    [
        (TaskCompleted(due_at=day(3), employee_id="li"), 2.5, "withdrawn"),
        (TaskCompleted(due_at=day(3), employee_id="li"), 4, "cleared"),
        (TaskCancelled(), 4, "cleared"),
        (TaskRescheduled(previous_due_at=day(3), due_at=day(9)), 4, "cleared"),
    ],
)
def test_what_is_done_moved_or_cancelled_is_no_longer_missed(event: Event, occurred: float, ending: str) -> None:
    task = uuid4()
    watch = a_known_vip().told(envelope(TaskScheduled(assignee_id="li", due_at=day(3)), 1, stream=task), now=1).asked(3)
    watch.told(envelope(event, occurred, recorded=5, stream=task), now=5)
    assert watch.told_of() == [("missed-follow-up", "raised"), ("missed-follow-up", ending)]


def test_a_moved_follow_up_can_be_missed_again() -> None:
    task = uuid4()
    watch = a_known_vip().told(envelope(TaskScheduled(assignee_id="li", due_at=day(3)), 1, stream=task), now=1).asked(3)
    watch.told(envelope(TaskRescheduled(previous_due_at=day(3), due_at=day(9)), 4, stream=task), now=4).asked(9)
    assert watch.told_of()[2:] == [("missed-follow-up", "raised")]
    assert watch.said[0].alert_id != watch.said[2].alert_id


def test_what_is_done_in_time_is_never_spoken_of() -> None:
    task = uuid4()
    scheduled = envelope(TaskScheduled(assignee_id="li", due_at=day(3)), 1, stream=task)
    done = envelope(TaskCompleted(due_at=day(3), employee_id="li"), 2, stream=task)
    assert a_known_vip().told(scheduled, done, now=2).asked(20).said == []


def test_a_complaint_without_an_answer_is_raised_by_its_own_severity_and_ended_by_the_answer() -> None:
    complaint = uuid4()
    raised = ComplaintRaised(channel=Channel.PHONE, severity=Severity.HIGH, owner_id="zhao")
    watch = a_known_vip().told(envelope(raised, 1, stream=complaint), now=1)
    assert watch.asked(1.49).said == []
    assert watch.asked(1.5).told_of() == [("unanswered-complaint", "raised")]
    assert watch.said[0].severity is AlertSeverity.CRITICAL
    watch.told(envelope(ComplaintAnswered(employee_id="zhao"), 2, stream=complaint), now=2)
    assert watch.told_of()[1:] == [("unanswered-complaint", "cleared")]


def test_no_alert_is_raised_while_an_import_may_still_disprove_it() -> None:
    events = [envelope(event, 0, recorded=200, batch=True) for event in (registered, vip, established)]
    watch = Watch().told(*events, now=200)
    assert watch.asked(200.0001).said == []
    assert watch.next_due_at > day(200)
    assert watch.asked(200.001).told_of() == [("inactivity", "raised")]


def test_facts_of_different_services_may_come_in_any_order() -> None:
    ours = [envelope(registered, 0), envelope(vip, 0), envelope(established, 0)]
    theirs = [envelope(contact(), 5), envelope(TaskScheduled(assignee_id="li", due_at=day(9)), 6, stream=uuid4())]
    outcomes = set()
    for order in permutations([0, 0, 0, 1, 1]):
        left, right = list(ours), list(theirs)
        told = [(right if which else left).pop(0) for which in order]
        outcomes.add(str(Watch().told(*told, now=10).state.facts))
    assert len(outcomes) == 1


def test_an_alert_holds_what_receivers_need() -> None:
    alert = a_known_vip().asked(31).said[0]
    assert alert.dedup_key.startswith("inactivity:")
    assert len(alert.dedup_key) <= 255
    assert (alert.value, alert.threshold) == (31 * 86_400, 30 * 86_400)
    assert (alert.silent_since, alert.starts_at) == (day(0), day(30))
    assert alert.summary == "No human contact for 31 days; 30 days are allowed (vip, maintenance)."
    assert alert.summary_zh == "没有人工联系已有 31 天，上限 30 天（VIP，维护期）。"
    assert alert.labels == {"stage": "established", "mode": "maintenance", "tier": "vip"}


def test_an_erased_customer_has_no_findings() -> None:
    due = TaskScheduled(assignee_id="li", due_at=day(35))
    watch = a_known_vip().told(envelope(due, 20, stream=uuid4()), now=20).asked(36)
    told = len(watch.told_of())
    watch.told(envelope(CustomerErased(reason="asked-by-person"), 40), now=40).asked(400)
    assert told == 2
    assert sorted(watch.told_of()[told:]) == [("inactivity", "cleared"), ("missed-follow-up", "cleared")]


def test_the_id_of_an_alert_is_the_uuid5_of_its_key() -> None:
    for key in ("inactivity:1:-:20260101T000000.000000Z", "没有人工联系", ""):
        assert alert_id_of(key) == uuid5(NAMESPACE, key)
