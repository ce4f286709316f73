"""The rules of merging: a duplicate refers to the survivor, and an undone merge leaves no trace."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.commands.decider import MovedError
from contracts import customer as events
from contracts.customer import Stage
from services.customer.commands import (
    AbsorbDuplicate,
    ChangeStage,
    MarkDistinct,
    MergeInto,
    Register,
    ReleaseDuplicate,
    RemoveTag,
    UnmergeFrom,
)
from services.customer.domain import CUSTOMER
from services.customer.domain.merging import MAX_DISTINCT, MAX_DUPLICATES, MAX_MERGES
from tests.support.spec import Spec

SURVIVOR, DUPLICATE, THIRD = UUID(int=1), UUID(int=2), UUID(int=3)
customer = Spec(CUSTOMER)
registered = events.Registered(kind=events.Kind.COMPANY, name="上海腾云")
merged = events.Merged(into_customer_id=SURVIVOR)
unmerged = events.Unmerged(from_customer_id=SURVIVOR)
absorbed = events.DuplicateAbsorbed(duplicate_id=DUPLICATE)
released = events.DuplicateReleased(duplicate_id=DUPLICATE)
OWN = st.sampled_from(
    [
        events.StageChanged(previous=Stage.NEW, stage=Stage.INTERESTED),
        events.OwnerAssigned(owner_id="E1"),
        events.OwnerAssigned(owner_id="E2", previous_owner_id="E1"),
        events.HelperAdded(employee_id="E3"),
        events.TagAdded(tag="vip-care", vocabulary_number=1),
        events.ProfileChanged(region="上海"),
        events.MarkedDistinct(other_id=THIRD),
    ]
)


def test_a_duplicate_is_merged_into_the_survivor() -> None:
    customer.given(registered).when(MergeInto(customer_id=SURVIVOR)).then(merged)
    customer.given(registered, merged).when(MergeInto(customer_id=SURVIVOR)).then()
    customer.given(registered).when(AbsorbDuplicate(duplicate_id=DUPLICATE)).then(absorbed)
    customer.given(registered, absorbed).when(AbsorbDuplicate(duplicate_id=DUPLICATE)).then()


@pytest.mark.parametrize(
    "command",
    [
        ChangeStage(stage=Stage.INTERESTED),
        Register(name="上海腾云"),
        RemoveTag(tag="vip-care"),
        MergeInto(customer_id=THIRD),
        AbsorbDuplicate(duplicate_id=THIRD),
        MarkDistinct(other_id=THIRD),
    ],
    ids=lambda command: type(command).__name__,
)
def test_commands_on_a_duplicate_refer_to_the_survivor(command: object) -> None:
    state = CUSTOMER.fold(CUSTOMER.initial, [registered, merged])
    with pytest.raises(MovedError) as moved:
        CUSTOMER.decide(state, command)
    assert moved.value.canonical_id == SURVIVOR


def test_links_are_one_step_deep() -> None:
    customer.given(registered, absorbed).when(MergeInto(customer_id=THIRD)).then_rejected("has-duplicates")


def test_what_was_merged_can_be_released() -> None:
    customer.given(registered, merged).when(UnmergeFrom(customer_id=SURVIVOR)).then(unmerged)
    customer.given(registered).when(UnmergeFrom(customer_id=SURVIVOR)).then()
    customer.given(registered, absorbed).when(ReleaseDuplicate(duplicate_id=DUPLICATE)).then(released)
    customer.given(registered).when(ReleaseDuplicate(duplicate_id=DUPLICATE)).then()


def test_a_distinction_is_recorded_once() -> None:
    apart = events.MarkedDistinct(other_id=THIRD)
    customer.given(registered).when(MarkDistinct(other_id=THIRD)).then(apart)
    customer.given(registered, apart).when(MarkDistinct(other_id=THIRD)).then()


def test_a_customer_is_merged_a_few_times_only() -> None:
    before = [registered, *[merged, unmerged] * (MAX_MERGES - 1)]
    customer.given(*before).when(MergeInto(customer_id=SURVIVOR)).then(merged)
    often = [*before, merged, unmerged]
    customer.given(*often).when(MergeInto(customer_id=SURVIVOR)).then_rejected("too-many-merges")
    customer.given(*often).when(AbsorbDuplicate(duplicate_id=THIRD)).then(events.DuplicateAbsorbed(duplicate_id=THIRD))


def test_links_have_a_greatest_number() -> None:
    many = [events.DuplicateAbsorbed(duplicate_id=UUID(int=10 + number)) for number in range(MAX_DUPLICATES)]
    customer.given(registered, *many).when(AbsorbDuplicate(duplicate_id=DUPLICATE)).then_rejected("too-many-duplicates")
    apart = [events.MarkedDistinct(other_id=UUID(int=10 + number)) for number in range(MAX_DISTINCT)]
    customer.given(registered, *apart).when(MarkDistinct(other_id=THIRD)).then_rejected("too-many-duplicates")


@given(st.lists(OWN), st.lists(OWN), st.lists(OWN))
def test_releasing_leaves_both_as_if_they_had_never_been_merged(
    of_duplicate: list[events.CustomerEvent],
    of_survivor: list[events.CustomerEvent],
    meanwhile: list[events.CustomerEvent],
) -> None:
    """What was logged meanwhile was logged with the survivor, and stays there. Merges are counted."""
    duplicate = CUSTOMER.fold(CUSTOMER.initial, [registered, *of_duplicate])
    survivor = CUSTOMER.fold(CUSTOMER.initial, [registered, *of_survivor])
    assert CUSTOMER.fold(duplicate, [merged, unmerged]) == replace(duplicate, merges=1)
    assert CUSTOMER.fold(survivor, [absorbed, *meanwhile, released]) == CUSTOMER.fold(survivor, meanwhile)
