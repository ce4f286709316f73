"""The rules of a customer's tier: held by hand until released, otherwise set or proposed by scheme rules."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.commands.decider import RejectedError
from contracts.customer import (
    Kind,
    Registered,
    TierBasis,
    TierChanged,
    TierHeld,
    TierInputs,
    TierProposalLapsed,
    TierProposalRefused,
    TierProposed,
    TierReleased,
)
from services.customer.commands import (
    AssessTier,
    ConfirmTier,
    PutIntoTier,
    RefuseTier,
    Register,
    RegisterInTier,
    ReleaseTier,
    SetTier,
    Tier,
)
from services.customer.domain import CUSTOMER, Customer
from tests.support.spec import Spec

customer = Spec(CUSTOMER)
registered = Registered(kind=Kind.COMPANY, name="上海腾云")
NOTHING = TierInputs(
    amount=0,
    orders=0,
    lifetime_amount=0,
    lifetime_orders=0,
    contacts=0,
    complaints=0,
    years=0,
    potential="",
    influence="",
    stage="new",
)


def basis(number: int = 1) -> TierBasis:
    return TierBasis(number=number, evaluated_at=datetime(2024, 6, 3, tzinfo=UTC), inputs=NOTHING)


def assess(tier: str, number: int = 1, *, proposes: bool = False) -> AssessTier:
    return AssessTier(scheme="default", tier=tier, proposes=proposes, basis=basis(number))


def proposed(tier: str, number: int = 1, previous: str | None = None) -> TierProposed:
    return TierProposed(scheme="default", previous=previous, tier=tier, basis=basis(number))


by_hand = TierChanged(scheme="default", tier="vip")
by_rules = TierChanged(scheme="default", tier="growth", basis=basis())
held = TierHeld(scheme="default", tier="growth")
released = TierReleased(scheme="default")


def test_the_rules_put_a_customer_into_a_tier_with_their_basis() -> None:
    customer.given(registered).when(assess("growth")).then(by_rules)


def test_a_repeated_command_adds_no_event() -> None:
    customer.given(registered, by_rules).when(assess("growth", 2)).then()


def test_a_tier_set_by_hand_is_not_changed_by_rules_until_it_is_released() -> None:
    customer.given(registered, by_hand).when(assess("growth")).then()
    customer.given(registered, by_hand).when(ReleaseTier()).then(released)
    moved = TierChanged(scheme="default", previous="vip", tier="growth", basis=basis())
    customer.given(registered, by_hand, released).when(assess("growth")).then(moved)


def test_setting_the_tier_that_the_rules_led_to_holds_it() -> None:
    customer.given(registered, by_rules).when(SetTier(tier="growth")).then(held)
    customer.given(registered, by_rules, held).when(SetTier(tier="growth")).then()
    customer.given(registered, by_rules, held).when(assess("vip")).then()


def test_releasing_what_is_not_held_changes_nothing() -> None:
    customer.given(registered, by_rules).when(ReleaseTier()).then()


def test_a_proposal_is_made_once_and_again_only_for_another_tier() -> None:
    customer.given(registered).when(assess("vip", proposes=True)).then(proposed("vip"))
    customer.given(registered, proposed("vip")).when(assess("vip", 2, proposes=True)).then()
    customer.given(registered, proposed("vip")).when(assess("growth", proposes=True)).then(proposed("growth"))


def test_a_confirmed_proposal_is_the_tier_on_the_proposals_basis() -> None:
    confirmed = TierChanged(scheme="default", previous="growth", tier="vip", basis=basis(3))
    customer.given(registered, by_rules, proposed("vip", 3, "growth")).when(ConfirmTier()).then(confirmed)


def test_a_refused_proposal_is_not_made_again_by_the_same_version() -> None:
    refused = TierProposalRefused(scheme="default", tier="vip")
    customer.given(registered, by_rules, proposed("vip")).when(RefuseTier()).then(refused)
    told = (registered, by_rules, proposed("vip", 1, "growth"), refused)
    customer.given(*told).when(assess("vip", proposes=True)).then()
    customer.given(*told).when(assess("vip", 2, proposes=True)).then(proposed("vip", 2, "growth"))


def test_a_proposal_lapses_when_the_rules_lead_back_to_the_present_tier() -> None:
    lapsed = TierProposalLapsed(scheme="default", tier="vip")
    customer.given(registered, by_rules, proposed("vip")).when(assess("growth", proposes=True)).then(lapsed)
    refused = TierProposalRefused(scheme="default", tier="vip")
    told = (registered, by_rules, proposed("vip", 1, "growth"), refused)
    customer.given(*told).when(assess("growth", proposes=True)).then(lapsed)
    customer.given(*told, lapsed).when(assess("vip", proposes=True)).then(proposed("vip", 1, "growth"))


@pytest.mark.parametrize("command", [ConfirmTier(), RefuseTier()])
def test_there_must_be_a_proposal_to_answer(command: Any) -> None:
    customer.given(registered, by_rules).when(command).then_rejected("no-tier-proposed")


def test_a_tier_set_by_hand_ends_a_proposal() -> None:
    set_by_hand = TierChanged(scheme="default", previous="growth", tier="ordinary")
    told = (registered, by_rules, proposed("vip", 1, "growth"))
    customer.given(*told).when(SetTier(tier="ordinary")).then(set_by_hand)
    customer.given(*told, set_by_hand).when(ConfirmTier()).then_rejected("no-tier-proposed")
    customer.given(*told, held).when(ConfirmTier()).then_rejected("no-tier-proposed")


def test_the_tiers_to_choose_from_are_those_of_the_scheme_in_force() -> None:
    customer.given(registered).when(PutIntoTier(scheme="own", tier="gold", offered=("gold",))).then(
        TierChanged(scheme="own", tier="gold")
    )
    customer.given(registered).when(PutIntoTier(tier="vip", offered=("gold",))).then_rejected("unknown-tier")
    customer.given(registered).when(SetTier(scheme="abc", tier="vip")).then_rejected("unknown-tier")
    body = Register(name="上海腾云", tier=Tier(scheme="own", tier="gold"))
    customer.given().when(RegisterInTier(**dict(body), offered=("gold",))).then(
        registered, TierChanged(scheme="own", tier="gold")
    )


def test_each_scheme_is_independent() -> None:
    a = TierChanged(scheme="abc", tier="a")
    state = CUSTOMER.fold(CUSTOMER.initial, [registered, by_rules, a, proposed("vip", 1, "growth")])
    assert state.tiers == {"default": "growth", "abc": "a"}
    assert state.proposed_tiers == {"default": "vip"}
    assert (state.tier_states["default"].is_held, state.tier_states["abc"].is_held) == (False, True)


COMMANDS = st.one_of(
    st.sampled_from([ReleaseTier(), ConfirmTier(), RefuseTier(), SetTier(tier="vip"), SetTier(tier="growth")]),
    st.builds(assess, st.sampled_from(["vip", "growth"]), st.integers(1, 2), proposes=st.booleans()),
)


@given(st.lists(COMMANDS, max_size=20), st.sampled_from(["vip", "growth"]), st.booleans())
def test_assessing_twice_says_nothing_new_and_what_is_held_never_moves(
    told: list[Any], tier: str, proposes: bool
) -> None:
    state: Customer = CUSTOMER.fold(CUSTOMER.initial, [registered])
    for command in told:
        try:
            found = CUSTOMER.decide(state, command)
        except RejectedError:
            continue
        if (
            isinstance(command, AssessTier)
            and state.tier_states.get("default")
            and state.tier_states["default"].is_held
        ):
            assert not found
        state = CUSTOMER.fold(state, found)
    once = CUSTOMER.fold(state, CUSTOMER.decide(state, assess(tier, proposes=proposes)))
    assert not CUSTOMER.decide(once, assess(tier, proposes=proposes))
