"""The rules of owner, leader and helpers."""

from chassis.commands.decider import RejectedError
from chassis.commands.holders import employees_left
from contracts import customer as events
from services.customer import commands
from services.customer.domain.state import Customer

MAX_HELPERS = 20


OwnershipCommand = (
    commands.AssignOwner
    | commands.PassOn
    | commands.ChangeLeader
    | commands.FollowOwnersLeader
    | commands.AddHelper
    | commands.RemoveHelper
)


def decide(customer: Customer, command: OwnershipCommand) -> list[events.CustomerEvent]:
    match command:
        case commands.AssignOwner(owner_id=owner_id, leader_id=stated_id):
            leader_id = command.owners_leader_id if isinstance(command, commands.AssignOwnerInList) else None
            return owner_assigned(customer, owner_id, stated_id or leader_id, is_stated=stated_id is not None)
        case commands.PassOn():
            return passed_on(customer, command)
        case commands.ChangeLeader(from_leader_id=from_leader_id, leader_id=leader_id):
            return leader_changed(customer, from_leader_id, leader_id)
        case commands.FollowOwnersLeader():
            return leader_followed(customer, command)
        case commands.AddHelper(employee_id=employee_id):
            return helper_added(customer, employee_id)
        case commands.RemoveHelper(employee_id=employee_id):
            return helper_removed(customer, employee_id)


def owner_assigned(
    customer: Customer, owner_id: str, leader_id: str | None, *, is_stated: bool
) -> list[events.CustomerEvent]:
    """Return the event of an assignment. Without a leader, the same owner keeps the known one."""
    if leader_id is None and owner_id == customer.owner_id:
        leader_id, is_stated = customer.leader_id, customer.is_leader_stated
    if (owner_id, leader_id, is_stated) == (customer.owner_id, customer.leader_id, customer.is_leader_stated):
        return []
    return [assigned(customer, owner_id, leader_id, is_stated=is_stated)]


def assigned(customer: Customer, owner_id: str, leader_id: str | None, *, is_stated: bool) -> events.OwnerAssigned:
    return events.OwnerAssigned(
        previous_owner_id=customer.owner_id,
        owner_id=owner_id,
        leader_id=leader_id,
        is_leader_stated=is_stated and leader_id is not None,
    )


def assigned_if_present(
    customer: Customer, owner_id: str, leader_id: str | None, leavers: frozenset[str], *, is_stated: bool
) -> list[events.CustomerEvent]:
    """Return the event of an assignment that a source states. Raise RejectedError if it gives a leaver the customer.

    What a source repeats about an employee who has left changes nothing.
    """
    found = owner_assigned(customer, owner_id, leader_id, is_stated=is_stated)
    if found and leavers:
        if (owner_id, leader_id) == (customer.owner_id, customer.leader_id):
            return []
        raise employees_left(leavers, "owner_id" if owner_id in leavers else "leader_id")
    return found


def leader_changed(customer: Customer, previous: str, leader_id: str | None) -> list[events.CustomerEvent]:
    """Keep the owner. Return no events if the leader has changed meanwhile."""
    owner_id = customer.owner_id
    if owner_id is None or customer.leader_id != previous or previous == leader_id:
        return []
    return [assigned(customer, owner_id, leader_id, is_stated=customer.is_leader_stated)]


def leader_followed(customer: Customer, command: commands.FollowOwnersLeader) -> list[events.CustomerEvent]:
    """Return no events if the customer has another owner or leader meanwhile, or one that was stated."""
    seen = (command.owner_id, command.from_leader_id)
    if (customer.owner_id, customer.leader_id) != seen or customer.is_leader_stated:
        return []
    if command.leader_id == customer.leader_id:
        return []
    return [assigned(customer, command.owner_id, command.leader_id, is_stated=False)]


def helper_added(customer: Customer, employee_id: str) -> list[events.CustomerEvent]:
    if employee_id in customer.helper_ids:
        return []
    if employee_id == customer.owner_id:
        raise RejectedError(
            "helper-is-owner",
            "The owner of a customer cannot be its helper.",
            "客户负责人不能同时是协作人。",
            "employee_id",
        )
    if len(customer.helper_ids) >= MAX_HELPERS:
        raise RejectedError(
            "too-many-helpers",
            f"A customer can have at most {MAX_HELPERS} helpers.",
            f"每个客户最多 {MAX_HELPERS} 位协作人。",
        )
    return [events.HelperAdded(employee_id=employee_id)]


def helper_removed(customer: Customer, employee_id: str) -> list[events.CustomerEvent]:
    return [events.HelperRemoved(employee_id=employee_id)] if employee_id in customer.helper_ids else []


def passed_on(customer: Customer, command: commands.PassOn) -> list[events.CustomerEvent]:
    """Raise RejectedError if the owner has changed since the handover started."""
    if customer.owner_id != command.from_owner_id:
        raise RejectedError(
            "owner-changed",
            f"Since this handover started, the owner changed to {customer.owner_id}. Withdraw it and start a new one.",
            f"交接发起之后，该客户的负责人已变更为 {customer.owner_id}；请撤回后重新发起。",
        )
    return owner_assigned(customer, command.owner_id, command.leader_id, is_stated=command.is_leader_stated)
