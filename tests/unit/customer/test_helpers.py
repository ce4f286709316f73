"""The rules of helpers, in examples."""

from contracts.customer import HelperAdded, HelperRemoved, Kind, OwnerAssigned, Registered
from contracts.examples import example_envelope
from services.customer.commands import AddHelper, RemoveHelper
from services.customer.domain import CUSTOMER
from services.customer.domain.customer_row import project_next
from services.customer.domain.ownership import MAX_HELPERS
from services.followup.domain import customer_ref
from tests.support.spec import Spec

customer = Spec(CUSTOMER)
registered = Registered(kind=Kind.COMPANY, name="上海腾云")
owned = OwnerAssigned(owner_id="wang", leader_id="zhou")
helped = HelperAdded(employee_id="li")


def test_a_helper_is_added_once_and_removed_once() -> None:
    given = customer.given(registered, owned)
    given.when(AddHelper(employee_id="li")).then(helped)
    given.when(RemoveHelper(employee_id="li")).then()
    helping = customer.given(registered, owned, helped)
    helping.when(AddHelper(employee_id="li")).then()
    helping.when(RemoveHelper(employee_id="li")).then(HelperRemoved(employee_id="li"))


def test_the_owner_does_not_help() -> None:
    customer.given(registered, owned).when(AddHelper(employee_id="wang")).then_rejected("helper-is-owner")


def test_a_customer_has_only_so_many_helpers() -> None:
    facts = [HelperAdded(employee_id=f"e{number}") for number in range(MAX_HELPERS)]
    customer.given(registered, *facts).when(AddHelper(employee_id="li")).then_rejected("too-many-helpers")
    customer.given(registered, *facts[1:]).when(AddHelper(employee_id="li")).then(helped)


def test_helpers_hold_the_customer_until_they_are_removed() -> None:
    state = CUSTOMER.fold(CUSTOMER.initial, [registered, owned, helped])
    assert state.holders.include("li")
    assert not CUSTOMER.evolve(state, HelperRemoved(employee_id="li")).holders.include("li")


def test_a_helper_who_became_owner_is_no_helper_after_the_next_handover() -> None:
    facts = (registered, owned, helped, OwnerAssigned(owner_id="li"), OwnerAssigned(owner_id="chen"))
    assert not CUSTOMER.fold(CUSTOMER.initial, facts).holders.include("li")
    row, ref = None, None
    for fact in facts:
        row, ref = project_next(row, example_envelope(fact)), customer_ref.project(ref, example_envelope(fact))
    assert row
    assert ref
    assert row.helper_ids == ref.helper_ids == []
    assert not ref.holders.include("li")
