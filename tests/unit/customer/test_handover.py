"""The rules of handovers: nothing changes until the acceptance, and then only owner and leader."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from contracts import customer as events
from contracts.customer import ChecklistItem, EndingContract, ItemKind, RenewalIntent
from services.customer.commands import (
    AcceptHandover,
    BeginHandover,
    ChangeLeader,
    PassOn,
    StartHandover,
    WithdrawHandover,
)
from services.customer.commands.handover import MAX_CHECKLIST
from services.customer.domain import CUSTOMER
from services.customer.domain.handover import HANDOVER
from services.customer.handovers.checklists import NEAR_DAYS, is_near_its_end
from tests.support.spec import Spec

handover, customer = Spec(HANDOVER), Spec(CUSTOMER)
task = ChecklistItem(kind=ItemKind.TASK, concerns_id=UUID(int=1), at=datetime(2024, 6, 3, tzinfo=UTC), employee_id="E1")
contract = EndingContract(contract_id=UUID(int=2), ends_on=date(2024, 8, 31), renewal_intent=RenewalIntent.UNKNOWN)
asked = StartHandover(to_owner_id="E2", to_leader_id="E9", reason="resigned")
begin = BeginHandover(request=asked, from_owner_id="E1", checklist=(task,))
started = events.HandoverStarted(
    from_owner_id="E1", to_owner_id="E2", to_leader_id="E9", reason="resigned", checklist=(task,)
)
accepted = events.HandoverAccepted(owner_id="E2")
withdrawn = events.HandoverWithdrawn()
registered = events.Registered(kind=events.Kind.COMPANY, name="上海腾云")
owned = events.OwnerAssigned(owner_id="E1", leader_id="E8")


def test_a_handover_begins_with_what_is_open() -> None:
    handover.given().when(begin).then(started)


def test_beginning_the_same_handover_twice_records_nothing_new() -> None:
    handover.given(started).when(begin).then()


def test_a_customer_is_handed_over_to_one_at_a_time() -> None:
    other = begin.model_copy(update={"request": StartHandover(to_owner_id="E3")})
    handover.given(started).when(other).then_rejected("handover-open")


@pytest.mark.parametrize("settled", [accepted, withdrawn])
def test_after_one_has_ended_another_can_begin(settled: events.HandoverAccepted | events.HandoverWithdrawn) -> None:
    handover.given(started, settled).when(begin).then(started)


def test_an_owner_cannot_take_over_their_own_customer() -> None:
    own = begin.model_copy(update={"from_owner_id": "E2"})
    handover.given().when(own).then_rejected("handover-to-owner")


def test_a_checklist_has_a_greatest_length_and_says_what_it_leaves_out() -> None:
    many = begin.model_copy(update={"checklist": (task,) * (MAX_CHECKLIST + 3)})
    cut = started.model_copy(update={"checklist": (task,) * MAX_CHECKLIST, "items_left_out": 3})
    handover.given().when(many).then(cut)


def test_contracts_near_their_end_are_listed_up_to_the_same_limit() -> None:
    many = begin.model_copy(update={"contracts": (contract,) * (MAX_CHECKLIST + 2)})
    cut = started.model_copy(update={"contracts": (contract,) * MAX_CHECKLIST, "items_left_out": 2})
    handover.given().when(many).then(cut)


@pytest.mark.parametrize(("days", "is_near"), [(NEAR_DAYS, True), (NEAR_DAYS + 1, False), (0, True), (-1, True)])
def test_a_contract_is_near_its_end_some_days_before_and_after(days: int, is_near: bool) -> None:
    assert is_near_its_end(contract, contract.ends_on - timedelta(days=days)) is is_near


def test_a_contract_that_ran_out_long_ago_is_not_listed() -> None:
    assert not is_near_its_end(contract, contract.ends_on + timedelta(days=NEAR_DAYS + 1))


def test_the_new_owner_accepts() -> None:
    handover.given(started).when(AcceptHandover()).then(accepted)


def test_accepting_twice_records_nothing_new() -> None:
    handover.given(started, accepted).when(AcceptHandover()).then()


def test_what_was_withdrawn_cannot_be_accepted() -> None:
    handover.given(started, withdrawn).when(AcceptHandover()).then_rejected("no-handover")


def test_what_was_accepted_cannot_be_withdrawn() -> None:
    handover.given(started, accepted).when(WithdrawHandover()).then_rejected("no-handover")


def test_what_never_began_cannot_end() -> None:
    handover.given().when(WithdrawHandover()).then_rejected("no-handover")


def test_passing_on_changes_the_owner_and_nothing_else() -> None:
    passed = events.OwnerAssigned(previous_owner_id="E1", owner_id="E2", leader_id="E9")
    customer.given(registered, owned).when(PassOn(from_owner_id="E1", owner_id="E2", leader_id="E9")).then(passed)


def test_a_customer_is_not_taken_from_an_owner_who_got_it_meanwhile() -> None:
    since = events.OwnerAssigned(previous_owner_id="E1", owner_id="E5")
    customer.given(registered, owned, since).when(PassOn(from_owner_id="E1", owner_id="E2")).then_rejected(
        "owner-changed"
    )


@pytest.mark.parametrize("leader_id", ["E9", None])
def test_the_leader_is_replaced_or_removed_and_the_owner_stays(leader_id: str | None) -> None:
    led = events.OwnerAssigned(previous_owner_id="E1", owner_id="E1", leader_id=leader_id)
    change = ChangeLeader(from_leader_id="E8", leader_id=leader_id)
    customer.given(registered, owned).when(change).then(led)
    customer.given(registered, owned, led).when(change).then()


def test_a_customer_with_another_leader_meanwhile_keeps_that_leader() -> None:
    customer.given(registered, owned).when(ChangeLeader(from_leader_id="E7", leader_id="E9")).then()
