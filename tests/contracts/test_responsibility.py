"""The fold of owner, leader, helpers and merges, which all read models share."""

from dataclasses import dataclass, field
from functools import reduce
from uuid import UUID, uuid4

from contracts.customer import HelperAdded, HelperRemoved, Merged, OwnerAssigned, Unmerged
from contracts.customer.responsibility import ResponsibilityEvent, evolve_responsibility


@dataclass(frozen=True, slots=True)
class Row:
    """The least that the fold needs, and a column that it leaves alone."""

    owner_id: str | None = None
    leader_id: str | None = None
    helper_ids: list[str] = field(default_factory=list)
    merged_into: UUID | None = None
    name: str = "kept"


def after(*events: ResponsibilityEvent) -> Row:
    return reduce(evolve_responsibility, events, Row())


def test_an_owner_replaces_the_one_before_with_their_leader() -> None:
    row = after(OwnerAssigned(owner_id="E1", leader_id="E9"), OwnerAssigned(previous_owner_id="E1", owner_id="E2"))
    assert row == Row(owner_id="E2")


def test_a_helper_who_becomes_owner_is_no_helper_any_more() -> None:
    assert after(HelperAdded(employee_id="E1"), OwnerAssigned(owner_id="E1")).helper_ids == []


def test_a_helper_is_listed_once_and_last_added_last() -> None:
    row = after(*(HelperAdded(employee_id=each) for each in ("E1", "E2", "E1")))
    assert row.helper_ids == ["E2", "E1"]


def test_a_helper_who_is_removed_is_gone_and_the_others_stay() -> None:
    row = after(HelperAdded(employee_id="E1"), HelperAdded(employee_id="E2"), HelperRemoved(employee_id="E1"))
    assert row.helper_ids == ["E2"]


def test_a_duplicate_names_its_customer_until_it_is_released() -> None:
    into = uuid4()
    assert after(Merged(into_customer_id=into)).merged_into == into
    assert after(Merged(into_customer_id=into), Unmerged(from_customer_id=into)) == Row()
