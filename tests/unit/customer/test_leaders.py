"""The rules of leaders: a customer's leader follows from its owner, unless it was stated."""

import pytest

from contracts.customer import EmployeeLeaderChanged, Kind, Merged, OwnerAssigned, Registered
from contracts.examples import CUSTOMER_ID, example_envelope
from services.customer.commands import (
    AssignOwner,
    AssignOwnerInList,
    BeginHandover,
    ChangeLeader,
    Entry,
    FollowOwnersLeader,
    PassOn,
    Register,
    StartHandover,
)
from services.customer.commands.employee import ReplaceLeader, StateLeader
from services.customer.domain import CUSTOMER
from services.customer.domain.customer_row import project_next
from services.customer.domain.employee import EMPLOYEE
from services.customer.domain.handover import HANDOVER
from tests.support.spec import Spec

customer, employee, handover = Spec(CUSTOMER), Spec(EMPLOYEE), Spec(HANDOVER)
registered = Registered(kind=Kind.COMPANY, name="上海腾云")
led = OwnerAssigned(owner_id="E1", leader_id="L1")
stated = OwnerAssigned(owner_id="E1", leader_id="L1", is_leader_stated=True)
follow = FollowOwnersLeader(owner_id="E1", from_leader_id="L1", leader_id="L2")


def again(leader_id: str | None, *, is_stated: bool = False) -> OwnerAssigned:
    return OwnerAssigned(previous_owner_id="E1", owner_id="E1", leader_id=leader_id, is_leader_stated=is_stated)


def became(leader_id: str | None, previous_id: str | None = None) -> EmployeeLeaderChanged:
    return EmployeeLeaderChanged(employee_id="E1", previous_leader_id=previous_id, leader_id=leader_id)


def states(leader_id: str | None, previous_id: str | None = None) -> StateLeader:
    return StateLeader(employee_id="E1", leader_id=leader_id, previous_id=previous_id)


def test_each_change_of_an_employees_leader_is_published_once() -> None:
    employee.given().when(states("L1")).then(became("L1"))
    employee.given(became("L1")).when(states("L1", "L1")).then()
    employee.given(became("L1")).when(states("L2", "L1")).then(became("L2", "L1"))
    employee.given(became("L1")).when(states(None, "L1")).then(became(None, "L1"))
    employee.given(became("L1"), became(None, "L1")).when(states(None)).then()


def test_a_leader_that_the_list_had_before_leaders_were_published_is_no_change() -> None:
    employee.given().when(states("L1", "L1")).then()


def test_a_leader_who_leaves_is_replaced_also_if_only_the_list_had_this_leader() -> None:
    leaves = ReplaceLeader(employee_id="E1", from_leader_id="L1", leader_id="L2")
    employee.given(became("L1")).when(leaves).then(became("L2", "L1"))
    employee.given().when(leaves).then(became("L2", "L1"))
    employee.given(became("L0")).when(leaves).then(became("L2", "L1"))


def test_a_leader_who_leaves_is_not_replaced_if_the_employee_got_another_one_meanwhile() -> None:
    leaves = ReplaceLeader(employee_id="E1", from_leader_id="L1", leader_id="L2")
    employee.given(became("L1"), became("L3", "L1")).when(leaves).then()
    employee.given(became("L1"), became(None, "L1")).when(leaves).then()


def test_a_change_that_was_published_but_not_saved_is_published_again() -> None:
    employee.given(became("L2", "L1")).when(states("L2", "L1")).then(became("L2", "L1"))
    employee.given(became("L2", "L1")).when(states("L1", "L1")).then(became("L1", "L1"))


@pytest.mark.parametrize("leader_id", ["L2", None])
def test_a_customer_gets_its_owners_new_leader_or_none(leader_id: str | None) -> None:
    command = follow.model_copy(update={"leader_id": leader_id})
    customer.given(registered, led).when(command).then(again(leader_id))


def test_a_customer_without_a_leader_gets_its_owners_first_leader() -> None:
    command = FollowOwnersLeader(owner_id="E1", from_leader_id=None, leader_id="L2")
    customer.given(registered, OwnerAssigned(owner_id="E1")).when(command).then(again("L2"))


@pytest.mark.parametrize(
    "since",
    [stated, again("L2"), again("L3"), OwnerAssigned(previous_owner_id="E1", owner_id="E2", leader_id="L1")],
    ids=["stated", "already so", "another leader", "another owner"],
)
def test_a_customer_that_changed_meanwhile_does_not_follow(since: OwnerAssigned) -> None:
    customer.given(registered, led, since).when(follow).then()


def test_a_merged_duplicate_follows_so_that_it_is_led_right_after_an_unmerge() -> None:
    customer.given(registered, led, Merged(into_customer_id=CUSTOMER_ID)).when(follow).then(again("L2"))


def test_an_assignment_says_whether_its_leader_was_stated() -> None:
    given = customer.given(registered)
    given.when(AssignOwner(owner_id="E1", leader_id="L1")).then(stated)
    given.when(AssignOwnerInList(owner_id="E1", owners_leader_id="L1")).then(led)
    given.when(AssignOwnerInList(owner_id="E1", leader_id="L1", owners_leader_id="L2")).then(stated)


def test_stating_the_present_leader_makes_it_a_stated_one_and_assigning_the_owner_releases_it() -> None:
    derived, fixed = customer.given(registered, led), customer.given(registered, stated)
    derived.when(AssignOwner(owner_id="E1", leader_id="L1")).then(again("L1", is_stated=True))
    fixed.when(AssignOwner(owner_id="E1", leader_id="L1")).then()
    fixed.when(AssignOwnerInList(owner_id="E1", owners_leader_id="L1")).then(again("L1"))
    fixed.when(AssignOwnerInList(owner_id="E1")).then()


def test_a_registration_that_repeats_the_owner_keeps_a_stated_leader() -> None:
    command = Register(name="上海腾云", owner_id="E1").with_entry(Entry(owners_leader="L2"))
    customer.given(registered, stated).when(command).then()


def test_what_a_source_repeats_about_a_leader_who_has_left_changes_nothing() -> None:
    command = Register(name="上海腾云", owner_id="E1", leader_id="L1")
    customer.given(registered, led).when(command).then(again("L1", is_stated=True))
    gone = command.with_entry(Entry(leavers=frozenset({"L1"})))
    customer.given(registered, led).when(gone).then()
    customer.given(registered).when(gone).then_rejected("employee-left")


def test_a_leaver_who_led_is_replaced_for_stated_leaders_too_and_they_stay_stated() -> None:
    change = ChangeLeader(from_leader_id="L1", leader_id="L2")
    customer.given(registered, stated).when(change).then(again("L2", is_stated=True))
    removed = ChangeLeader(from_leader_id="L1")
    customer.given(registered, stated).when(removed).then(again(None))


def test_an_accepted_handover_says_whether_its_leader_was_stated() -> None:
    pass_on = PassOn(from_owner_id="E0", owner_id="E1", leader_id="L1", is_leader_stated=True)
    owned = OwnerAssigned(owner_id="E0", leader_id="L0")
    passed = stated.model_copy(update={"previous_owner_id": "E0"})
    customer.given(registered, owned).when(pass_on).then(passed)


def test_a_repeated_handover_is_the_same_one_although_the_owner_got_another_leader() -> None:
    def begin(leader_id: str, *, is_stated: bool) -> BeginHandover:
        request = StartHandover(to_owner_id="E1", to_leader_id=leader_id)
        return BeginHandover(request=request, from_owner_id="E0", is_leader_stated=is_stated)

    [started] = HANDOVER.decide(HANDOVER.initial, begin("L1", is_stated=False))
    handover.given(started).when(begin("L2", is_stated=False)).then()
    handover.given(started).when(begin("L2", is_stated=True)).then_rejected("handover-open")


def test_the_row_of_a_customer_knows_whether_its_leader_was_stated() -> None:
    row = None
    for event, is_stated in ((registered, False), (stated, True), (again("L2"), False)):
        row = project_next(row, example_envelope(event))
        assert row.is_leader_stated is is_stated
