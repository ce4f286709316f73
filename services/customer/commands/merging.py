"""Commands to merge two records of one customer, or to mark them as distinct."""

from uuid import UUID

from chassis.commands.command import Command


class AbsorbDuplicate(Command):
    """To the surviving customer: take over a duplicate."""

    duplicate_id: UUID


class ReleaseDuplicate(Command):
    """To the surviving customer: undo the merge with a duplicate."""

    duplicate_id: UUID


class MergeInto(Command):
    """To the duplicate: merge into `customer_id`."""

    customer_id: UUID


class UnmergeFrom(Command):
    """To the duplicate: undo the merge into `customer_id`."""

    customer_id: UUID


class MarkDistinct(Command):
    """State that another record is a different customer, although the two look alike."""

    other_id: UUID


MergeCommand = AbsorbDuplicate | ReleaseDuplicate | MergeInto | UnmergeFrom | MarkDistinct
