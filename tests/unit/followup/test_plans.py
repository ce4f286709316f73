"""Plans in examples: when they begin and end, when their steps are due, and what a change of tier leaves alone."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from chassis.http.field_errors import invalid_field
from chassis.rules.calendars.shipped import CHINA_OFFICE
from chassis.rules.calendars.shipped import SHIPPED as CALENDARS
from chassis.rules.calendars.work_calendar import working
from contracts.customer import CustomerErased, OrderDelivered, Stage, StageChanged, TierChanged
from contracts.event import Event
from contracts.examples import CAUSE_ID, CUSTOMER_ID, OCCURRED_AT, example, example_envelope
from contracts.followup import ContactLogged, PlanChanged, PlanEnded, PlanStarted, PlanStep, PlanTemplatePublished
from contracts.followup.plan import OffsetUnit
from contracts.topics import EVENT_TYPES
from services.followup.commands import PlanTemplate
from services.followup.commands.plan import ChangePlan, EndPlan, StartPlan
from services.followup.commands.plan_template import TriggerInput
from services.followup.domain.customer_ref import CustomerRef
from services.followup.domain.plan import PLAN
from services.followup.plans.plan_row import Planned, PlanRow
from services.followup.plans.policy import MAX_RUNNING_PLANS, PlanningState, react
from services.followup.plans.steps import HORIZON, MAX_OCCURRENCES, due_at, revise
from services.followup.shipped.plan_templates import SHIPPED
from tests.support.spec import Spec

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = working(CALENDARS[CHINA_OFFICE])
TEMPLATES = [each.model_copy(update={"number": 1}) for each in SHIPPED.values()]
ASK = {"event": "care.followup.contact-logged.v1"}
STEP = {"name": "ask", "offset": 2, "purpose": "care"}

plan = Spec(PLAN)
start = StartPlan(template="win-back", number=1, anchor_id=CAUSE_ID, anchor_at=OCCURRED_AT, tier="vip")
started = PlanStarted(**start.model_dump())


def local(year: int, month: int, day: int, hour: int = 15) -> datetime:
    return datetime(year, month, day, hour, tzinfo=ZONE)


def of(name: str) -> PlanTemplatePublished:
    (found,) = [each for each in TEMPLATES if each.name == name]
    return found


def row(name: str, anchor_at: datetime, tier: str | None = None, **changes: Any) -> PlanRow:
    made = PlanRow(
        plan_id=UUID(int=1),
        customer_id=CUSTOMER_ID,
        template=name,
        number=1,
        anchor_id=CAUSE_ID,
        anchor_at=anchor_at,
        tier=tier,
        planned_from=anchor_at,
        look_again_at=anchor_at,
    )
    return replace(made, **changes)


def days_of(made: PlanRow, now: datetime | None = None) -> list[date]:
    found = revise(made, of(made.template), CALENDAR, now or made.anchor_at)
    return [due.at.astimezone(ZONE).date() for due in found.schedule.values()]


def answers(event: Event, stage: Stage, *running: PlanRow, tier: str = "vip") -> dict[UUID, Any]:
    customer = CustomerRef(CUSTOMER_ID, "company", "上海腾云", stage=stage, tiers={"default": tier})
    return dict(react(example_envelope(event), PlanningState(customer, running, TEMPLATES, ZONE)))


def test_a_plan_is_started_changed_and_ended_once() -> None:
    change, end = ChangePlan(number=2, tier="growth", reason="tier-changed"), EndPlan(reason="done")
    changed, ended = PlanChanged(**change.model_dump()), PlanEnded(reason="done")
    plan.given().when(start).then(started)
    plan.given(started).when(start).then()
    plan.given(started).when(change).then(changed)
    plan.given(started, changed).when(change).then()
    plan.given(started).when(end).then(ended)
    plan.given(started, ended).when(end).then()
    plan.given(started, ended).when(change).then()
    plan.given().when(end).then_rejected("plan-unknown")


@pytest.mark.parametrize(
    "wrong",
    [
        {"starts_on": [{"event": "care.followup.nothing-at-all.v1"}]},
        {"starts_on": [ASK | {"field": "outcom", "value": "reached"}]},
        {"starts_on": [ASK | {"field": "outcome"}]},
        {"starts_on": []},
        {"anchor": "ends_on"},
        {"steps": []},
        {"steps": [STEP, STEP]},
        {"steps": [STEP | {"assign": "round-robin"}]},
        {"steps": [STEP | {"team": ["E1"]}]},
        {"steps": [STEP | {"offset": 0, "repeats": True}]},
        {"steps": [STEP | {"offset": 4_000}]},
        {"steps": [STEP | {"offset": -1, "unit": "workdays"}]},
    ],
)
def test_a_template_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PlanTemplate.model_validate({"starts_on": [ASK], "steps": [STEP]} | wrong)


@pytest.mark.parametrize("shipped", SHIPPED.values(), ids=lambda each: each.name)
def test_what_ships_can_be_published_as_it_stands(shipped: PlanTemplatePublished) -> None:
    if all(trigger.event in EVENT_TYPES for trigger in (*shipped.starts_on, *shipped.ends_on)):
        said = shipped.model_dump(exclude={"type", "number", "name"}, mode="json")
        assert PlanTemplate.model_validate(said).steps


def test_delivery_on_the_eve_of_a_long_holiday() -> None:
    """1 to 8 October 2023 were off, 7 and 8 made up for: days 3 and 7 fall among them, day 30 on a Monday."""
    assert days_of(row("after-delivery", local(2023, 9, 28))) == [
        date(2023, 10, 7),
        date(2023, 10, 7),
        date(2023, 10, 30),
    ]


def test_a_step_keeps_its_time_of_day() -> None:
    assert due_at(local(2024, 6, 7), PlanStep(name="a", offset=1, purpose="care"), 1, CALENDAR) == local(2024, 6, 11)


def test_workdays_and_months_are_counted_as_such() -> None:
    workdays = PlanStep(name="a", offset=2, unit=OffsetUnit.WORKDAYS, purpose="care")
    months = PlanStep(name="a", offset=1, unit=OffsetUnit.MONTHS, purpose="care")
    assert due_at(local(2024, 6, 7), workdays, 1, CALENDAR) == local(2024, 6, 12)
    assert due_at(local(2024, 1, 31), months, 1, CALENDAR) == local(2024, 2, 29)
    assert due_at(local(2024, 1, 31), months, 12, CALENDAR) == local(2025, 2, 5), "31 January 2025 was off"


def test_only_what_lies_within_the_horizon_is_scheduled_and_the_rest_later() -> None:
    monthly = row("after-the-deal", local(2024, 1, 15), "vip")
    first = revise(monthly, of("after-the-deal"), CALENDAR, monthly.anchor_at)
    assert days_of(monthly) == [date(2024, 2, 18), date(2024, 3, 15)]
    tasks = {key: Planned(UUID(int=2), due.at) for key, due in first.schedule.items()}
    later = replace(monthly, tasks=tasks)
    assert days_of(later, first.look_again_at) == [date(2024, 4, 15)]


def test_the_end_of_a_contract_is_prepared() -> None:
    before = row("contract-end", local(2024, 12, 31, 9), planned_from=local(2024, 11, 15))
    assert days_of(before, local(2024, 11, 15)) == [date(2024, 12, 2), date(2024, 12, 24)]


def test_a_new_tier_replans_only_what_is_still_open() -> None:
    past, ahead = local(2024, 2, 18), local(2024, 3, 15)
    made = {"every-1-months#1": Planned(UUID(int=2), past), "every-1-months#2": Planned(UUID(int=3), ahead)}
    now = local(2024, 3, 1)
    changed = row("after-the-deal", local(2024, 1, 15), "growth", tasks=made, planned_from=now)
    found = revise(changed, of("after-the-deal"), CALENDAR, now)
    assert (found.cancel, list(found.schedule)) == (("every-1-months#2",), ["every-3-months#1"])


def test_a_new_version_moves_what_is_still_open() -> None:
    anchor_at = local(2024, 6, 3)
    made = {"day-30#1": Planned(UUID(int=2), local(2024, 7, 3))}
    newer = of("win-back").model_copy(update={"steps": (PlanStep(name="day-30", offset=31, purpose="care"),)})
    found = revise(row("win-back", anchor_at, tasks=made), newer, CALENDAR, local(2024, 6, 20))
    assert {key: due.at for key, due in found.move.items()} == {"day-30#1": local(2024, 7, 4)}


def test_a_plan_whose_last_step_is_past_is_done() -> None:
    anchor_at = local(2024, 6, 3)
    tasks = {f"day-{day}#1": Planned(UUID(int=day), anchor_at + timedelta(days=day)) for day in (30, 60, 90)}
    over = row("win-back", anchor_at, tasks=tasks)
    assert not revise(over, of("win-back"), CALENDAR, anchor_at + timedelta(days=89)).is_done
    assert revise(over, of("win-back"), CALENDAR, anchor_at + timedelta(days=95)).is_done


@settings(max_examples=50)
@given(
    name=st.sampled_from([each.name for each in TEMPLATES]),
    anchor_at=st.datetimes(datetime(2023, 1, 1), datetime(2026, 6, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    tier=st.sampled_from(["vip", "growth", "ordinary"]),
)
def test_every_task_falls_on_a_workday_and_a_second_look_changes_nothing(
    name: str, anchor_at: datetime, tier: str
) -> None:
    made = row(name, anchor_at, tier)
    found = revise(made, of(name), CALENDAR, anchor_at)
    assert all(CALENDAR.is_workday(due.at.astimezone(ZONE).date()) for due in found.schedule.values())
    assert all(due.at <= anchor_at + HORIZON for due in found.schedule.values())
    kept = replace(made, tasks={key: Planned(UUID(int=1), due.at) for key, due in found.schedule.items()})
    again = revise(kept, of(name), CALENDAR, anchor_at)
    assert not any((again.schedule, again.move, again.cancel))


def test_a_step_does_not_repeat_without_end() -> None:
    daily = of("win-back").model_copy(update={"steps": (PlanStep(name="d", offset=1, repeats=True, purpose="care"),)})
    found = revise(row("win-back", local(2020, 1, 1)), daily, CALENDAR, local(2024, 1, 1))
    assert len(found.schedule) == MAX_OCCURRENCES


def test_will_think_again_is_asked_again_in_two_days() -> None:
    event = example(ContactLogged, outcome="will-think-again")
    (command,) = answers(event, Stage.INTERESTED).values()
    assert (command.template, command.anchor_at, command.tier) == ("will-think-again", OCCURRED_AT, "vip")
    assert not answers(event, Stage.SIGNED)
    assert not answers(example(ContactLogged, outcome="reached"), Stage.INTERESTED)


def test_the_deal_ends_the_dense_follow_up_and_begins_the_care() -> None:
    dense = row("before-the-deal", OCCURRED_AT)
    found = answers(StageChanged(previous=Stage.INTERESTED, stage=Stage.SIGNED), Stage.SIGNED, dense)
    assert found[dense.plan_id].model_dump() == {"reason": "mode-changed"}
    assert [each.template for each in found.values() if isinstance(each, StartPlan)] == ["after-the-deal"]


def test_a_template_that_runs_once_does_not_start_beside_itself() -> None:
    care = row("after-the-deal", OCCURRED_AT, "vip")
    assert not answers(StageChanged(previous=Stage.SIGNED, stage=Stage.ESTABLISHED), Stage.ESTABLISHED, care)


def test_a_customer_with_as_many_plans_as_are_allowed_gets_no_more() -> None:
    running = [row("after-delivery", OCCURRED_AT, plan_id=UUID(int=number)) for number in range(MAX_RUNNING_PLANS)]
    assert not answers(OrderDelivered(), Stage.ESTABLISHED, *running)
    assert len(answers(OrderDelivered(), Stage.ESTABLISHED, *running[1:])) == 1


def test_a_lost_customer_is_won_back_until_it_shows_interest() -> None:
    lost = StageChanged(previous=Stage.SIGNED, stage=Stage.LOST)
    ((plan_id, command),) = answers(lost, Stage.LOST).items()
    assert (command.template, plan_id) == ("win-back", uuid5(example_envelope(lost).id, "win-back"))
    back = row("win-back", OCCURRED_AT)
    found = answers(StageChanged(previous=Stage.LOST, stage=Stage.INTERESTED), Stage.INTERESTED, back)
    assert found[back.plan_id].model_dump() == {"reason": "stage-changed"}


def test_another_tier_changes_the_plans_that_run() -> None:
    care = row("after-the-deal", OCCURRED_AT, "ordinary")
    tiered = TierChanged(scheme="default", tier="vip")
    found = answers(tiered, Stage.SIGNED, care)
    assert found[care.plan_id].model_dump() == {"number": 1, "tier": "vip", "reason": "tier-changed"}
    assert not answers(TierChanged(scheme="abc", tier="a"), Stage.SIGNED, care)
    assert not answers(tiered, Stage.SIGNED, replace(care, tier="vip"))


def test_of_an_erased_customer_every_plan_ends_and_none_begins() -> None:
    customer = CustomerRef(CUSTOMER_ID, "person", None, stage=Stage.ESTABLISHED, is_erased=True)
    running = row("after-the-deal", OCCURRED_AT)
    erased = example_envelope(CustomerErased(reason="asked-by-person"))
    [(plan_id, command)] = react(erased, PlanningState(customer, [running], TEMPLATES, ZONE))
    assert (plan_id, command.model_dump()) == (running.plan_id, {"reason": "erased"})
    delivered = example_envelope(OrderDelivered())
    assert react(delivered, PlanningState(customer, [], TEMPLATES, ZONE)) == []


@pytest.mark.parametrize(
    ("trigger", "place"),
    [
        ({"event": "care.customer.nothing.v1"}, "event"),
        ({"event": "care.customer.stage-changed.v1", "field": "colour", "value": "red"}, "field"),
        ({"event": "care.customer.stage-changed.v1", "field": "stage"}, "value"),
        ({"event": "care.customer.stage-changed.v1", "field": "stage", "value": "losst"}, "value"),
        ({"event": "care.followup.contact-logged.v1", "field": "sentiment", "value": "happy"}, "value"),
    ],
)
def test_a_trigger_that_would_never_be_met_is_refused_by_its_field(trigger: dict[str, str], place: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TriggerInput.model_validate(trigger)
    assert [invalid_field(error).location for error in refused.value.errors()] == [(place,)]


def test_a_trigger_may_wait_for_any_word_where_the_fact_may_say_any() -> None:
    trigger = {"event": "care.followup.contact-logged.v1", "field": "outcome", "value": "will-think-again"}
    assert TriggerInput.model_validate(trigger).value == "will-think-again"
