"""Guards in examples: how a customer is treated, where that does not fit its stage."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest

from contracts.customer import Mode, Stage
from contracts.examples import CONTACT_ID, CUSTOMER_ID, LEADER, OWNER, example
from contracts.followup import Direction, Guard, GuardCleared, GuardTripped, Sentiment
from services.followup.commands.guard import Finding, Judge
from services.followup.domain.customer_ref import CustomerRef
from services.followup.domain.guard import GUARDS
from services.followup.guards.rules import THRESHOLDS, Touch, findings, look_again_at
from tests.support.spec import Spec

NOW = datetime(2026, 3, 20, 2, 0, tzinfo=UTC)
HELPER, OUTSIDER = "E3003", "E4004"


def customer(stage: str) -> CustomerRef:
    return CustomerRef(CUSTOMER_ID, "company", "上海腾云", OWNER, LEADER, stage, helper_ids=[HELPER])


def touch(days_ago: float, **changes: Any) -> Touch:
    said: dict[str, Any] = {
        "employee_id": OWNER,
        "direction": Direction.OUTBOUND,
        "automated": False,
        "purpose": "quote",
        "sentiment": None,
    }
    at = NOW - timedelta(days=days_ago)
    return Touch(contact_id=uuid5(CONTACT_ID, str(days_ago)), at=at, **said | changes)


def tripped(stage: str, *touches: Touch) -> set[Guard]:
    return set(findings(sorted(touches, key=lambda each: each.at), customer(stage), NOW))


CARE = [touch(days, purpose="care") for days in (1, 2)] + [touch(3, purpose="greeting", automated=True)]
GREETINGS = [touch(days, purpose="greeting") for days in (10, 40, 80)]
TRIES = [touch(days) for days in (1, 5, 10, 15, 20)]


@pytest.mark.parametrize(("stage", "trips"), [("new", True), ("interested", True), ("signed", False), ("lost", False)])
def test_care_presses_before_the_deal_only(stage: str, trips: bool) -> None:
    assert (Guard.CARE_BEFORE_DEAL in tripped(stage, *CARE)) is trips


def test_two_touches_of_care_do_not_press_and_neither_do_three_in_a_month() -> None:
    assert not tripped("interested", *CARE[:2])
    assert not tripped("interested", *CARE[:2], touch(15, purpose="care"))


@pytest.mark.parametrize(("stage", "trips"), [("interested", False), ("signed", True), ("established", True)])
def test_nothing_but_greetings_misses_needs_after_the_deal_only(stage: str, trips: bool) -> None:
    assert (Guard.GREETINGS_ONLY in tripped(stage, *GREETINGS)) is trips


@pytest.mark.parametrize("other", [{"purpose": "callback"}, {"purpose": None}, {"direction": Direction.INBOUND}])
def test_one_contact_that_is_more_than_a_greeting_is_enough(other: dict[str, Any]) -> None:
    assert not tripped("established", *GREETINGS, touch(20, **other))


@pytest.mark.parametrize(("stage", "trips"), [("new", True), ("lost", True), ("interested", False), ("signed", False)])
def test_who_has_no_intent_is_not_chased(stage: str, trips: bool) -> None:
    assert (Guard.NO_INTENT in tripped(stage, *TRIES)) is trips


@pytest.mark.parametrize("sign", [{"direction": Direction.INBOUND}, {"sentiment": Sentiment.POSITIVE}])
def test_a_sign_of_intent_lets_the_count_begin_again(sign: dict[str, Any]) -> None:
    assert not tripped("new", *TRIES, touch(12, **sign))
    assert Guard.NO_INTENT in tripped("new", *TRIES, touch(25, **sign))


def test_a_mass_touch_chases_nobody() -> None:
    assert not tripped("new", *(touch(days, automated=True) for days in (1, 5, 10, 15, 20)))


def test_two_colleagues_are_one_too_many_unless_they_share_the_customer() -> None:
    assert tripped("interested", touch(1), touch(2, employee_id=OUTSIDER)) == {Guard.TWO_COLLEAGUES}
    assert not tripped("interested", touch(1), touch(2, employee_id=HELPER), touch(3, employee_id=LEADER))
    assert not tripped("interested", touch(1, employee_id=OUTSIDER), touch(2, employee_id=OUTSIDER))
    assert not tripped("interested", touch(1), touch(8, employee_id=OUTSIDER))


def test_answering_a_call_follows_nobody() -> None:
    assert not tripped("interested", touch(1), touch(2, employee_id=OUTSIDER, direction=Direction.INBOUND))


def test_it_is_looked_at_again_when_a_contact_leaves_a_window() -> None:
    assert look_again_at([touch(1)], NOW) == NOW + timedelta(days=6)
    assert look_again_at([touch(29)], NOW) == NOW + timedelta(days=1)
    assert look_again_at([touch(91)], NOW) is None


def test_every_threshold_is_the_documented_one() -> None:
    said = {guard: (each.at_least, each.within_days) for guard, each in THRESHOLDS.items()}
    assert said == {
        Guard.CARE_BEFORE_DEAL: (3, 14),
        Guard.GREETINGS_ONLY: (3, 90),
        Guard.NO_INTENT: (5, 30),
        Guard.TWO_COLLEAGUES: (2, 7),
    }


guards = Spec(GUARDS)
TRIPPED = example(GuardTripped)
CLEARED = example(GuardCleared)


def judge(*contact_ids: UUID) -> Judge:
    """Return what was found of two colleagues over these contacts; nothing where there are none."""
    said = TRIPPED.model_dump(include=set(Finding.model_fields)) | {"contact_ids": contact_ids}
    whose = {"stage": Stage.INTERESTED, "mode": Mode.FOLLOW_UP, "owner_id": OWNER, "leader_id": LEADER}
    return Judge.model_validate(whose | {"findings": [said] if contact_ids else []})


def test_a_guard_trips_once_for_as_long_as_it_holds() -> None:
    guards.given().when(judge(*TRIPPED.contact_ids)).then(TRIPPED)
    guards.given(TRIPPED).when(judge(*TRIPPED.contact_ids, CUSTOMER_ID)).then()


def test_it_is_cleared_once_and_trips_a_second_time() -> None:
    guards.given(TRIPPED).when(judge()).then(CLEARED)
    guards.given(TRIPPED, CLEARED).when(judge()).then()
    again = TRIPPED.model_copy(update={"number": 2})
    guards.given(TRIPPED, CLEARED).when(judge(*TRIPPED.contact_ids)).then(again)
