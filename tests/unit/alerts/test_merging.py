"""The silence of merged customers is computed together, and separately again after an undone merge."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from contracts import alerts, customer, followup
from contracts.alerts import AlertEvent
from contracts.event import Envelope, Event
from contracts.examples import OCCURRED_AT, example, example_envelope
from services.alerts import commands
from services.alerts.detection import memory
from services.alerts.detection.evaluation import EMPTY, raise_due, receive
from services.alerts.detection.merging import affected_customers, is_merging, receive_merging, survivors_of
from services.alerts.detection.packing import packed, unpacked
from services.alerts.engine.absorbing import with_absorbed
from services.alerts.engine.changes import Raising
from services.alerts.engine.episodes import Change, CustomerState
from services.alerts.engine.facts import Facts
from services.alerts.engine.items import divide
from services.alerts.engine.rule_book import RuleBook
from services.alerts.shipped.rules import MORE_COMPLAINTS, TWO_COLLEAGUES
from tests.support.alert_changes import AlertChanges
from tests.support.rule_books import THREE_RULES

SURVIVOR, DUPLICATE = UUID(int=1), UUID(int=2)
TASK = uuid5(DUPLICATE, "task")
registered = example(customer.Registered)
contact = example(followup.ContactLogged, automated=False)
merged = customer.Merged(into_customer_id=SURVIVOR)
unmerged = customer.Unmerged(from_customer_id=SURVIVOR)


def on(day: float, subject: UUID, event: Event, stream: UUID | None = None) -> Envelope[Any]:
    at = OCCURRED_AT + timedelta(days=day)
    name = uuid5(subject, f"{event.type}|{day}|{stream}")
    return example_envelope(
        event, id=name, subject=subject, stream_id=stream or subject, occurred_at=at, recorded_at=at
    )


class Watch:
    """What the alerts service keeps of both, without its database."""

    def __init__(self, rules: RuleBook = THREE_RULES) -> None:
        self._rules = rules
        self.memories = dict.fromkeys((SURVIVOR, DUPLICATE), EMPTY)
        self.said: list[tuple[UUID, str]] = []
        self.events: list[AlertEvent] = []
        self.changes = AlertChanges()

    def told(self, *envelopes: Envelope[Any]) -> "Watch":
        for envelope in envelopes:
            assert not (affected_customers([envelope]) | survivors_of(self.memories)) - self.memories.keys()
            own, whose = [envelope], envelope.subject
            if is_merging(self.memories[whose], own):
                found = receive_merging(whose, self.memories, own, self._rules, envelope.recorded_at)
                self._say((each, change) for each, change, _ in found)
            else:
                self.memories[whose], ended = receive(
                    whose, self.memories[whose], own, self._rules, envelope.recorded_at
                )
                self._say((whose, change) for change, _ in ended)
        return self

    def asked(self, day: float) -> "Watch":
        for each, known in self.memories.items():
            at = OCCURRED_AT + timedelta(days=day)
            self.memories[each], found = raise_due(each, known, self._rules, at, at)
            self._say((each, change) for change in found)
        return self

    def _say(self, changes: Iterable[tuple[UUID, Change]]) -> None:
        for whose, change in changes:
            for subject, event in self.changes.told([change], whose):
                self.said.append((subject, event.type))
                self.events.append(event)


def test_the_survivor_is_silent_since_the_later_contact_of_both() -> None:
    both = Watch().told(on(0, SURVIVOR, registered), on(0, DUPLICATE, registered), on(25, DUPLICATE, contact))
    both.told(on(26, DUPLICATE, merged)).asked(31)
    assert both.said == []
    assert both.asked(56).said == [(SURVIVOR, "care.alert.raised.v1")]


AWAY, IN = "care.alert.carried-away.v1", "care.alert.carried-in.v1"
RAISED, CLEARED = "care.alert.raised.v1", "care.alert.cleared.v1"


def test_an_alert_that_does_not_apply_to_the_survivor_is_carried_and_ends_with_the_merge() -> None:
    watch = Watch().told(on(29, SURVIVOR, registered), on(0, DUPLICATE, registered)).asked(31)
    assert watch.said == [(DUPLICATE, "care.alert.raised.v1")]
    watch.told(on(32, DUPLICATE, merged)).asked(40)
    assert watch.said[1:] == [(DUPLICATE, AWAY), (SURVIVOR, IN), (SURVIVOR, "care.alert.cleared.v1")]


def test_an_open_alert_of_a_duplicate_goes_on_under_the_survivor_and_returns() -> None:
    watch = Watch().told(on(0, SURVIVOR, registered), on(0, DUPLICATE, registered), on(1, DUPLICATE, contact))
    watch.told(on(3, SURVIVOR, contact)).asked(31.5)
    assert watch.said == [(DUPLICATE, "care.alert.raised.v1")]
    watch.told(on(32, DUPLICATE, merged)).asked(32.5)
    # The later contact of the survivor counts for both.
    assert watch.said[1:] == [(DUPLICATE, AWAY), (SURVIVOR, IN), (SURVIVOR, "care.alert.withdrawn.v1")]

    watch = Watch().told(on(3, SURVIVOR, registered), on(0, DUPLICATE, registered), on(4, DUPLICATE, contact))
    watch.asked(34.5)
    assert watch.said == [(SURVIVOR, "care.alert.raised.v1"), (DUPLICATE, "care.alert.raised.v1")]
    watch.told(on(35, DUPLICATE, merged)).asked(40)
    # Each customer has an alert of the common silence: both stay.
    assert watch.said[2:] == [(DUPLICATE, AWAY), (SURVIVOR, IN)]
    watch.told(on(41, DUPLICATE, unmerged)).asked(42)
    assert watch.said[4:] == [(SURVIVOR, AWAY), (DUPLICATE, IN)]
    assert {event.alert_id for event in watch.events[2:]} == {watch.events[1].alert_id}
    assert watch.events[-1].origin_customer_id is None


@pytest.mark.parametrize(("of_survivor", "of_duplicate"), [(0, 1), (1, 0), (0, 0)])
def test_two_alerts_of_one_silence_are_neither_ended_nor_raised_again_by_a_merge_and_its_undoing(
    of_survivor: int, of_duplicate: int
) -> None:
    watch = Watch().told(on(of_survivor, SURVIVOR, registered), on(of_duplicate, DUPLICATE, registered)).asked(33)
    before = {key: memory.state.open for key, memory in watch.memories.items()}
    assert [len(each) for each in before.values()] == [1, 1]
    watch.told(on(34, DUPLICATE, merged)).asked(35)
    assert len(watch.memories[SURVIVOR].state.open) == 2
    watch.told(on(36, DUPLICATE, unmerged)).asked(37)
    assert {key: memory.state.open for key, memory in watch.memories.items()} == before
    assert watch.said[2:] == [(DUPLICATE, AWAY), (SURVIVOR, IN), (SURVIVOR, AWAY), (DUPLICATE, IN)]


def test_a_contact_ends_both_alerts_of_the_common_silence_once() -> None:
    watch = Watch().told(on(0, SURVIVOR, registered), on(1, DUPLICATE, registered)).asked(33)
    watch.told(on(34, DUPLICATE, merged)).asked(34.5)
    assert len(watch.said) == 4
    watch.told(on(35, SURVIVOR, contact)).asked(36)
    assert watch.said[4:] == [(SURVIVOR, CLEARED)] * 2
    assert {event.alert_id for event in watch.events[4:]} == {event.alert_id for event in watch.events[:2]}


def test_a_guard_that_both_tripped_keeps_both_alerts() -> None:
    tripped = example(followup.GuardTripped, guard=followup.Guard.TWO_COLLEAGUES)
    watch = Watch(RuleBook(rules=(TWO_COLLEAGUES,)))
    watch.told(*(on(0, each, registered) for each in (SURVIVOR, DUPLICATE)))
    watch.told(on(1, SURVIVOR, tripped), on(2, DUPLICATE, tripped), on(3, DUPLICATE, merged))
    watch.told(on(4, DUPLICATE, unmerged))
    assert watch.said == [
        (SURVIVOR, RAISED),
        (DUPLICATE, RAISED),
        (DUPLICATE, AWAY),
        (SURVIVOR, IN),
        (SURVIVOR, AWAY),
        (DUPLICATE, IN),
    ]


@pytest.mark.parametrize("event", [merged, unmerged])
def test_carrying_many_alerts_divides_the_memory_as_often_as_carrying_few(
    monkeypatch: pytest.MonkeyPatch, event: Event
) -> None:
    counts = []
    for number in (3, 30):
        watch = Watch().told(on(0, SURVIVOR, registered), on(0, DUPLICATE, registered))
        due_at = OCCURRED_AT + timedelta(days=2)
        tasks = (uuid5(TASK, str(each)) for each in range(number))
        watch.told(*(on(1, DUPLICATE, example(followup.TaskScheduled, due_at=due_at), each) for each in tasks))
        watch.asked(4)
        if event is unmerged:
            watch.told(on(5, DUPLICATE, merged))
        divided: list[CustomerState] = []
        with monkeypatch.context() as patch:
            patch.setattr(memory, "divide", lambda state, to=divided: to.append(state) or divide(state))
            watch.told(on(6, DUPLICATE, event))
        assert watch.said.count((SURVIVOR, IN)) == number
        counts.append(len(divided))
    assert counts[0] == counts[1] > 0


@pytest.mark.parametrize("first", [SURVIVOR, DUPLICATE])
def test_the_alert_of_a_guard_of_merged_customers_ends_when_its_own_guard_was_cleared(first: UUID) -> None:
    tripped = example(followup.GuardTripped, guard=followup.Guard.TWO_COLLEAGUES)
    cleared = example(followup.GuardCleared, guard=followup.Guard.TWO_COLLEAGUES)
    second = next(each for each in (SURVIVOR, DUPLICATE) if each != first)
    watch = Watch(RuleBook(rules=(TWO_COLLEAGUES,)))
    watch.told(*(on(0, each, registered) for each in (SURVIVOR, DUPLICATE)))
    watch.told(on(1, SURVIVOR, tripped), on(2, DUPLICATE, tripped), on(3, DUPLICATE, merged))
    watch.told(on(5, first, cleared), on(6, second, cleared))
    ends = [event.ends_at for event in watch.events if event.type == CLEARED]
    assert ends == [OCCURRED_AT + timedelta(days=5), OCCURRED_AT + timedelta(days=6)]


@pytest.mark.parametrize("whose", [SURVIVOR, DUPLICATE])
def test_an_alert_that_the_merge_ended_is_acknowledged_still_when_the_undoing_raises_it_again(whose: UUID) -> None:
    other = next(each for each in (SURVIVOR, DUPLICATE) if each != whose)
    watch = Watch().told(on(0, whose, registered), on(0, other, registered), on(3, other, contact)).asked(31)
    [raised] = watch.events
    watch.changes.handle(raised.alert_id, commands.AssignAlert(owner_id="zhao"))
    watch.changes.handle(raised.alert_id, commands.Acknowledge())
    watch.told(on(32, DUPLICATE, merged), on(32.1, DUPLICATE, unmerged)).asked(32.5)
    again = [event for event in watch.events if event.alert_id == raised.alert_id][-2:]
    assert [event.type for event in again] == [RAISED, "care.alert.acknowledged.v1"]
    assert [(event.owner_id, event.assigned_by) for event in again] == [("zhao", "li")] * 2
    assert (again[-1].acknowledged_by, again[-1].acknowledged_at) == ("li", raised.updated_at)


@pytest.mark.parametrize(("days", "is_kept"), [(10, True), (0.5, False)])
def test_an_alert_that_is_raised_again_is_snoozed_still(days: float, is_kept: bool) -> None:
    watch = Watch().told(on(0, SURVIVOR, registered), on(0, DUPLICATE, registered), on(3, DUPLICATE, contact)).asked(31)
    [raised] = watch.events
    until = raised.updated_at + timedelta(days=days)
    watch.changes.handle(raised.alert_id, commands.Snooze(until=until, reason="客户休假"))
    watch.told(on(32, DUPLICATE, merged), on(32.1, DUPLICATE, unmerged)).asked(32.5)
    again = [event for event in watch.events if event.alert_id == raised.alert_id][-1]
    assert (again.type, again.snoozed_until) == (RAISED, until if is_kept else None)


def test_an_alert_that_is_due_again_at_another_time_is_not_acknowledged() -> None:
    due_at = OCCURRED_AT + timedelta(days=3)
    alert = example(alerts.AlertRaised, starts_at=due_at)
    handled = example(alerts.AlertAcknowledged, alert_id=alert.alert_id, starts_at=due_at - timedelta(days=1))
    assert Raising(alert).events(SURVIVOR, handled) == [(SURVIVOR, alert)]


def test_a_carried_alert_waits_for_the_registration_of_the_survivor() -> None:
    watch = Watch().told(on(0, DUPLICATE, registered)).asked(31).told(on(32, DUPLICATE, merged)).asked(33)
    assert watch.said[1:] == [(DUPLICATE, AWAY), (SURVIVOR, IN)]
    late = replace(on(0, SURVIVOR, registered), recorded_at=OCCURRED_AT + timedelta(days=33))
    assert watch.told(late).asked(34).said[3:] == []


def test_a_task_of_a_duplicate_that_is_missed_is_carried_with_its_alert() -> None:
    due_at = OCCURRED_AT + timedelta(days=3)
    watch = Watch().told(on(0, SURVIVOR, registered), on(0, DUPLICATE, registered))
    watch.told(on(1, DUPLICATE, example(followup.TaskScheduled, due_at=due_at), TASK)).asked(4)
    watch.told(on(5, DUPLICATE, merged)).asked(6)
    assert watch.said == [(DUPLICATE, "care.alert.raised.v1"), (DUPLICATE, AWAY), (SURVIVOR, IN)]
    watch.told(on(7, DUPLICATE, unmerged)).asked(8)
    assert watch.said[3:] == [(SURVIVOR, AWAY), (DUPLICATE, IN)]
    watch.told(on(9, DUPLICATE, example(followup.TaskCompleted, due_at=due_at), TASK))
    assert watch.said[5:] == [(DUPLICATE, "care.alert.cleared.v1")]


def test_a_follow_up_of_the_duplicate_is_missed_at_the_survivor_and_done_for_it() -> None:
    due_at = OCCURRED_AT + timedelta(days=3)
    watch = Watch().told(
        on(0, SURVIVOR, registered),
        on(0, DUPLICATE, registered),
        on(1, DUPLICATE, example(followup.TaskScheduled, due_at=due_at), TASK),
        on(2, DUPLICATE, merged),
    )
    assert watch.asked(4).said == [(SURVIVOR, "care.alert.raised.v1")]
    watch.told(on(5, DUPLICATE, example(followup.TaskCompleted, due_at=due_at), TASK))
    assert watch.said[1:] == [(SURVIVOR, "care.alert.cleared.v1")]


def test_events_of_the_survivor_may_arrive_after_those_of_its_duplicate() -> None:
    watch = Watch().told(on(0, DUPLICATE, registered), on(25, DUPLICATE, contact), on(26, DUPLICATE, merged)).asked(60)
    assert watch.said == []
    assert watch.told(on(0, SURVIVOR, registered)).asked(60).said == [(SURVIVOR, "care.alert.raised.v1")]


OWN = st.sampled_from(
    [
        customer.StageChanged(previous=customer.Stage.NEW, stage=customer.Stage.SIGNED),
        customer.TierChanged(scheme="default", tier="vip"),
        customer.OwnerAssigned(owner_id="E9"),
        contact,
    ]
)
OF_TASK = st.sampled_from(
    [example(followup.TaskScheduled), example(followup.TaskCompleted), example(followup.TaskReassigned)]
)


@given(st.lists(OWN, max_size=5), st.lists(OWN, max_size=5), st.lists(OF_TASK, max_size=4), st.lists(OWN, max_size=4))
def test_released_both_are_as_if_they_had_never_been_merged(
    of_survivor: list[Event], of_duplicate: list[Event], of_task: list[Event], meanwhile: list[Event]
) -> None:
    """What goes on with a task of the duplicate is the duplicate's; what is logged with the survivor stays there."""
    before = [
        *(on(number, SURVIVOR, event) for number, event in enumerate([registered, *of_survivor])),
        *(on(number, DUPLICATE, event) for number, event in enumerate([registered, *of_duplicate])),
    ]
    during = [
        *(on(10 + number, DUPLICATE, event, TASK) for number, event in enumerate(of_task)),
        *(on(20 + number, SURVIVOR, event) for number, event in enumerate(meanwhile)),
    ]
    once = Watch().told(*before, on(9, DUPLICATE, merged), *during, on(30, DUPLICATE, unmerged))
    never = Watch().told(*before, *during)
    for each in (SURVIVOR, DUPLICATE):
        assert once.memories[each].state.facts == never.memories[each].state.facts
        kept = once.memories[each].state
        assert unpacked(packed(kept)) == structs.replace(kept, judged_until=None)


OTHER = UUID(int=3)


@pytest.mark.parametrize("is_late", [False, True])
def test_a_duplicate_is_released_from_a_survivor_that_was_merged_meanwhile(is_late: bool) -> None:
    watch = Watch()
    watch.memories[OTHER] = EMPTY
    watch.told(*(on(0, each, registered) for each in (SURVIVOR, DUPLICATE, OTHER)), on(1, DUPLICATE, contact))
    watch.told(on(2, DUPLICATE, merged))
    undone, further = on(3, DUPLICATE, unmerged), on(4, SURVIVOR, customer.Merged(into_customer_id=OTHER))
    watch.told(*((further, undone) if is_late else (undone, further)))
    facts = {each: memory.state.facts for each, memory in watch.memories.items()}
    assert facts[DUPLICATE].registered is not None
    assert facts[DUPLICATE].latest_contact is not None
    assert facts[SURVIVOR].absorbed == {}
    assert facts[OTHER].absorbed.keys() == {SURVIVOR}


@pytest.mark.parametrize("is_late", [False, True])
def test_the_undoing_of_a_merge_that_never_was_changes_nothing(is_late: bool) -> None:
    """Of a customer that is separate, or of one that is merged into another customer."""
    task = on(1, DUPLICATE, example(followup.TaskScheduled, due_at=OCCURRED_AT + timedelta(days=40)), TASK)
    both = Watch().told(on(0, SURVIVOR, registered), on(0, DUPLICATE, registered), task).asked(31)
    if is_late:
        both.told(on(32, DUPLICATE, merged))
        other = UUID(int=3)
        both.memories[other] = EMPTY
        void = customer.Unmerged(from_customer_id=other)
    else:
        void = unmerged
    before, said = dict(both.memories), list(both.said)
    assert before[DUPLICATE].state.open or is_late
    both.told(on(33, DUPLICATE, void))
    assert (both.memories, both.said) == (before, said)
    assert both.memories[SURVIVOR if is_late else DUPLICATE].state.facts != Facts()


def test_a_merge_that_is_told_twice_is_undone_with_all_events() -> None:
    both = Watch().told(on(0, SURVIVOR, registered), on(0, DUPLICATE, registered), on(25, DUPLICATE, contact))
    alone = both.memories[DUPLICATE].facts
    both.told(on(26, DUPLICATE, merged), on(27, DUPLICATE, merged), on(28, DUPLICATE, unmerged))
    assert both.memories[DUPLICATE].facts == alone


def test_a_need_of_both_counts_from_its_older_statement() -> None:
    need = customer.NeedStated(need="cloud-server")
    both = Watch().told(*(on(0, each, registered) for each in (SURVIVOR, DUPLICATE)))
    both.told(on(3, DUPLICATE, need), on(5, SURVIVOR, need), on(6, DUPLICATE, merged))
    stated = with_absorbed(both.memories[SURVIVOR].state.facts).needs["cloud-server"]
    assert sorted(each.at for each in stated) == [OCCURRED_AT + timedelta(days=day) for day in (3, 5)]


@pytest.mark.parametrize("together", [True, False])
def test_an_event_in_the_batch_of_a_merge_concerns_the_rules_that_hear_it(together: bool) -> None:
    """The window of a count has closed meanwhile. Nothing but the merge is heard by its rule, which is judged then."""
    watch = Watch(RuleBook(rules=(MORE_COMPLAINTS,)))
    watch.told(on(0, SURVIVOR, registered), on(0, DUPLICATE, registered))
    watch.told(*(on(day, DUPLICATE, example(followup.ComplaintRaised), UUID(int=day)) for day in (10, 11, 12)))
    profile, merge = on(50, DUPLICATE, example(customer.ProfileChanged)), on(51, DUPLICATE, merged)
    for own in [[profile, merge]] if together else [[profile], [merge]]:
        if is_merging(watch.memories[DUPLICATE], own):
            found = receive_merging(DUPLICATE, watch.memories, own, watch._rules, own[-1].recorded_at)
            watch._say((each, change) for each, change, _ in found)
        else:
            watch.told(*own)
    assert watch.said == [
        (DUPLICATE, "care.alert.raised.v1"),
        (DUPLICATE, "care.alert.carried-away.v1"),
        (SURVIVOR, "care.alert.carried-in.v1"),
        (SURVIVOR, "care.alert.cleared.v1"),
    ]
