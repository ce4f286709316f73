"""The rules of merging: a duplicate is replaced by the surviving customer, without chains (ADR 0013)."""

from dataclasses import replace
from uuid import UUID

from chassis.commands.decider import MovedError, RejectedError
from contracts import customer as events
from contracts.customer.merging import MergeEvent
from services.customer import commands
from services.customer.commands.merging import MergeCommand
from services.customer.domain import ownership
from services.customer.domain.erasure import require_kept
from services.customer.domain.record import not_registered
from services.customer.domain.state import Customer

MAX_DUPLICATES = 50
# Each carries all open alerts of the customer to another one, and undoing it carries them back.
MAX_MERGES = 10
MAX_DISTINCT = 200


def decide(customer: Customer, command: MergeCommand) -> list[events.CustomerEvent]:
    if not customer.known:
        raise not_registered()
    if customer.merged_into and not isinstance(command, commands.MergeInto | commands.UnmergeFrom):
        raise MovedError(customer.merged_into)
    if isinstance(command, commands.MergeInto | commands.AbsorbDuplicate):
        require_kept(customer)
    match command:
        case commands.MergeInto():
            return merged(customer, command)
        case commands.UnmergeFrom(customer_id=from_id):
            return [events.Unmerged(from_customer_id=from_id)] if customer.merged_into == from_id else []
        case commands.AbsorbDuplicate(duplicate_id=duplicate_id):
            if duplicate_id in customer.duplicate_ids:
                return []
            if len(customer.duplicate_ids) >= MAX_DUPLICATES:
                raise too_many(MAX_DUPLICATES)
            return [events.DuplicateAbsorbed(duplicate_id=duplicate_id)]
        case commands.ReleaseDuplicate(duplicate_id=duplicate_id):
            if duplicate_id not in customer.duplicate_ids:
                return []
            return [events.DuplicateReleased(duplicate_id=duplicate_id)]
        case commands.MarkDistinct(other_id=other_id):
            if other_id in customer.distinct_from:
                return []
            if len(customer.distinct_from) >= MAX_DISTINCT:
                raise too_many(MAX_DISTINCT)
            return [events.MarkedDistinct(other_id=other_id)]


def decide_merged(customer: Customer, into_id: UUID, command: commands.AnyCommand) -> list[events.CustomerEvent]:
    """Raise MovedError, except for the assessment of tiers, which runs for every customer, and for employees.

    After an unmerge, the duplicate must not belong to an employee who has left, or have a former leader.
    """
    match command:
        case commands.AssessTier():
            return []
        case commands.PassOn() | commands.ChangeLeader() | commands.FollowOwnersLeader() | commands.EndHelp():
            return ownership.decide(customer, command)
        case _:
            raise MovedError(into_id)


def merged(customer: Customer, command: commands.MergeInto) -> list[events.CustomerEvent]:
    if customer.merged_into == command.customer_id:
        return []
    if customer.merged_into:
        raise MovedError(customer.merged_into)
    if customer.duplicate_ids:
        raise RejectedError(
            "has-duplicates",
            "Other customers were merged into this one. Merge in the other direction, or undo those merges first.",
            "已有其他客户并入该客户：请反向合并，或先撤销这些合并。",
        )
    if customer.merges >= MAX_MERGES:
        raise RejectedError(
            "too-many-merges",
            f"This customer was merged {MAX_MERGES} times already. Merge the other customer into this one instead.",
            f"该客户已被合并 {MAX_MERGES} 次；请改为将另一客户并入该客户。",
        )
    return [events.Merged(into_customer_id=command.customer_id)]


def too_many(limit: int) -> RejectedError:
    return RejectedError(
        "too-many-duplicates", f"A customer can have at most {limit} of these.", f"每个客户最多 {limit} 个。"
    )


def with_itself(field: str) -> RejectedError:
    return RejectedError(
        "merge-with-itself",
        "A customer cannot be merged with itself. Name two different customers.",
        "客户不能与自身合并；请指定两个不同的客户。",
        field,
    )


def evolve(customer: Customer, event: MergeEvent) -> Customer:
    match event:
        case events.Merged(into_customer_id=into_id):
            return replace(customer, merged_into=into_id, merges=customer.merges + 1)
        case events.Unmerged():
            return replace(customer, merged_into=None)
        case events.DuplicateAbsorbed(duplicate_id=duplicate_id):
            return replace(customer, duplicate_ids=customer.duplicate_ids | {duplicate_id})
        case events.DuplicateReleased(duplicate_id=duplicate_id):
            return replace(customer, duplicate_ids=customer.duplicate_ids - {duplicate_id})
        case events.MarkedDistinct(other_id=other_id):
            return replace(customer, distinct_from=customer.distinct_from | {other_id})
