"""Repeats in examples and by hypothesis: linked to where it began, escalated once."""

from datetime import datetime, timedelta
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from contracts.examples import COMPLAINT_ID, DUE_AT, OCCURRED_AT
from contracts.followup import ComplaintEscalated, ComplaintLinked, EscalationReason
from contracts.followup.complaint import RepeatEvent
from services.followup.commands import EscalateLate, LinkComplaint
from services.followup.domain.complaint_repeats import ESCALATES_AT, MAX_KNOWN, REPEAT_DAYS, REPEATS, Repeats
from tests.support.spec import Spec

repeats = Spec(REPEATS)


def number(count: int) -> UUID:
    return uuid5(COMPLAINT_ID, str(count))


def link(count: int, day: float = 0, topic: str | None = "late", product: str | None = None) -> LinkComplaint:
    at: datetime = OCCURRED_AT + timedelta(days=day)
    return LinkComplaint(complaint_id=number(count), raised_at=at, topic=topic, product=product)


def lived(*commands: LinkComplaint) -> list[RepeatEvent]:
    state, facts = Repeats(), list[RepeatEvent]()
    for command in commands:
        earned = list(REPEATS.decide(state, command))
        state, facts = REPEATS.fold(state, earned), [*facts, *earned]
    return facts


def links(facts: list[RepeatEvent]) -> list[tuple[UUID, int]]:
    return [(fact.first_id, fact.number) for fact in facts if isinstance(fact, ComplaintLinked)]


def test_a_repeat_is_linked_to_the_first_on_its_topic() -> None:
    facts = lived(link(1), link(2, 1, topic="noise"), link(3, 2))
    assert links(facts) == [(number(1), 1), (number(2), 1), (number(1), 2)]


def test_the_same_product_makes_a_repeat_too() -> None:
    facts = lived(link(1, topic="late", product="server"), link(2, topic="noise", product="server"))
    assert links(facts) == [(number(1), 1), (number(1), 2)]


def test_what_names_no_topic_and_no_product_twice_is_no_repeat() -> None:
    assert links(lived(link(1, product="server", topic=None), link(2)))[1] == (number(2), 1)


def test_a_window_later_it_begins_anew() -> None:
    assert links(lived(link(1), link(2, REPEAT_DAYS)))[1] == (number(1), 2)
    assert links(lived(link(1), link(2, REPEAT_DAYS + 0.01)))[1] == (number(2), 1)


def test_the_third_escalates_and_the_fourth_does_not_again() -> None:
    facts = lived(*(link(count, count) for count in range(1, 6)))
    assert [fact for fact in facts if isinstance(fact, ComplaintEscalated)] == [
        ComplaintEscalated(complaint_id=number(3), first_id=number(1), level=1, because=EscalationReason.REPEAT)
    ]
    assert ESCALATES_AT == 3


def test_linking_twice_records_nothing_new() -> None:
    repeats.given(*lived(link(1))).when(link(1)).then()


def test_no_more_than_so_many_are_remembered() -> None:
    state = REPEATS.fold(Repeats(), lived(*(link(count, count / 10) for count in range(MAX_KNOWN + 5))))
    assert (len(state.known), MAX_KNOWN) == (100, 100)


@given(st.lists(st.sampled_from([0.0, 1.0, 5.0, 9.0]), min_size=1, max_size=12))
def test_a_topic_that_is_complained_of_within_one_window_escalates_exactly_once(gaps: list[float]) -> None:
    days = [sum(gaps[: count + 1]) for count in range(len(gaps))]
    within = [day for day in days if day - days[0] <= REPEAT_DAYS]
    facts = lived(*(link(count, day) for count, day in enumerate(within)))
    escalated = [fact for fact in facts if isinstance(fact, ComplaintEscalated)]
    assert len(escalated) == (len(within) >= ESCALATES_AT)


def test_a_late_complaint_escalates_once_for_each_level_and_again_after_it_was_reopened() -> None:
    asked = EscalateLate(complaint_id=COMPLAINT_ID, level=1, round=0, due_at=DUE_AT)
    said = ComplaintEscalated(
        complaint_id=COMPLAINT_ID, first_id=COMPLAINT_ID, level=1, because=EscalationReason.LATE, due_at=DUE_AT
    )
    spec = Spec(REPEATS)
    spec.given().when(asked).then(said)
    spec.given(said).when(asked).then()
    spec.given(said).when(asked.model_copy(update={"level": 2})).then(said.model_copy(update={"level": 2}))
    spec.given(said).when(asked.model_copy(update={"round": 1})).then(said.model_copy(update={"round": 1}))
