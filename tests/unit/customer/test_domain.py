"""The rules of customers: given events, when a command, then events."""

import pytest

from chassis.commands.decider import RejectedError
from chassis.http.streams import type_of
from contracts.customer import (
    ContractSigned,
    Kind,
    OwnerAssigned,
    ProfileChanged,
    Registered,
    Stage,
    StageChanged,
    TierChanged,
)
from services.customer.commands import AssignOwner, ChangeProfile, ChangeStage, Profile, Register, SetTier, Tier
from services.customer.domain import CUSTOMER, LEGAL
from services.customer.domain.stages import LOSS_REASONS, SOURCE_REASON, TRANSITION_OF, Transition, require_transition
from tests.support.spec import Spec

customer = Spec(CUSTOMER)
registered = Registered(kind=Kind.COMPANY, name="上海腾云")
interested = StageChanged(previous=Stage.NEW, stage=Stage.INTERESTED)
signed = StageChanged(previous=Stage.INTERESTED, stage=Stage.SIGNED)


def reached(stage: Stage) -> StageChanged:
    return StageChanged(previous=Stage.NEW, stage=stage)


def test_an_unknown_customer_can_be_registered() -> None:
    customer.given().when(Register(name="上海腾云")).then(registered)


def test_registering_twice_records_nothing_new() -> None:
    customer.given(registered).when(Register(name="上海腾云")).then()


def test_a_registration_says_all_that_the_source_knows() -> None:
    command = Register(
        name="上海腾云",
        profile=Profile(need_type="定制服务"),
        tier=Tier(tier="vip"),
        stage=Stage.INTERESTED,
        owner_id="wang",
    )
    customer.given().when(command).then(
        registered,
        ProfileChanged(need_type="定制服务"),
        TierChanged(scheme="default", tier="vip"),
        OwnerAssigned(owner_id="wang"),
        StageChanged(previous=Stage.NEW, stage=Stage.INTERESTED, reason="stated-at-entry"),
    )


def test_a_source_that_states_something_new_changes_only_that() -> None:
    known = (registered, TierChanged(scheme="default", tier="vip"))
    command = Register(name="上海腾云", tier=Tier(tier="vip"), owner_id="wang")
    customer.given(*known).when(command).then(OwnerAssigned(owner_id="wang"))


def test_a_source_cannot_jump_a_known_customer_over_a_stage() -> None:
    command = Register(name="上海腾云", stage=Stage.ESTABLISHED)
    customer.given(registered, interested).when(command).then_rejected("illegal-transition")


def test_a_persons_name_is_a_reference_in_the_fact() -> None:
    command = Register(kind=Kind.PERSON, person_name="张三")
    ref = command.vault_ref("person_name")
    customer.given().when(command).then(Registered(kind=Kind.PERSON, name_ref=ref))
    assert "张三" not in Registered(kind=Kind.PERSON, name_ref=ref).model_dump_json()


@pytest.mark.parametrize("start", list(Stage))
@pytest.mark.parametrize("goal", list(Stage))
def test_only_legal_transitions_are_open(start: Stage, goal: Stage) -> None:
    facts = (registered, reached(start)) if start is not Stage.NEW else (registered,)
    way = TRANSITION_OF.get((start, goal))
    reason = way.reasons[0].code if way and way.reasons else None
    example = customer.given(*facts).when(ChangeStage(stage=goal, reason=reason))
    if goal is start:
        example.then()
    elif goal in LEGAL[start]:
        example.then(StageChanged(previous=start, stage=goal, reason=reason))
    else:
        example.then_rejected("illegal-transition")


@pytest.mark.parametrize("way", [way for way in TRANSITION_OF.values() if way.reasons])
@pytest.mark.parametrize("reason", [None, "because"])
def test_a_step_that_needs_a_reason_is_refused_without_one_that_fits(way: Transition, reason: str | None) -> None:
    example = customer.given(registered, reached(way.stage)).when(ChangeStage(stage=way.to, reason=reason))
    example.then_rejected("reason-needed")


def test_a_refusal_names_every_reason_that_fits() -> None:
    with pytest.raises(RejectedError) as caught:
        require_transition(Stage.SIGNED, Stage.LOST, None)
    assert all(each.code in caught.value.en and each.zh in caught.value.zh for each in LOSS_REASONS)


def test_what_a_source_states_needs_no_other_reason() -> None:
    lost = StageChanged(previous=Stage.INTERESTED, stage=Stage.LOST, reason=SOURCE_REASON)
    customer.given(registered, interested).when(Register(name="上海腾云", stage=Stage.LOST)).then(lost)


def test_a_signed_contract_proposes_the_stage_and_nothing_takes_it_by_itself() -> None:
    proposed = {(way.stage, way.to) for way in TRANSITION_OF.values() if way.proposed_by == type_of(ContractSigned)}
    assert proposed == {(Stage.NEW, Stage.SIGNED), (Stage.INTERESTED, Stage.SIGNED)}


def test_a_lost_customer_can_be_won_back() -> None:
    lost = StageChanged(previous=Stage.SIGNED, stage=Stage.LOST)
    command = ChangeStage(stage=Stage.INTERESTED, reason="won-back")
    expected = StageChanged(previous=Stage.LOST, stage=Stage.INTERESTED, reason="won-back")
    customer.given(registered, interested, signed, lost).when(command).then(expected)


def test_the_stage_of_an_unregistered_customer_cannot_change() -> None:
    customer.given().when(ChangeStage(stage=Stage.SIGNED)).then_rejected("customer-unknown")


def test_a_tier_outside_the_scheme_is_refused() -> None:
    customer.given(registered).when(SetTier(tier="platinum")).then_rejected("unknown-tier")


def test_setting_the_same_tier_records_nothing_new() -> None:
    customer.given(registered, TierChanged(scheme="default", tier="vip")).when(SetTier(tier="vip")).then()


def test_a_new_owner_is_recorded_with_the_one_before() -> None:
    given = customer.given(registered, OwnerAssigned(owner_id="wang", leader_id="zhou"))
    given.when(AssignOwner(owner_id="li")).then(OwnerAssigned(previous_owner_id="wang", owner_id="li"))


def test_the_same_owner_keeps_the_known_leader() -> None:
    customer.given(registered, OwnerAssigned(owner_id="wang", leader_id="zhou")).when(
        AssignOwner(owner_id="wang")
    ).then()


def test_a_profile_records_only_what_is_new() -> None:
    given = customer.given(registered, ProfileChanged(industry="制造", region="上海"))
    given.when(ChangeProfile(profile=Profile(industry="制造", region="北京"))).then(ProfileChanged(region="北京"))
