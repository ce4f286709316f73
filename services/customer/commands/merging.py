"""Asking that two records of one customer become one, or that they are told apart."""

from uuid import UUID

from chassis.commands.command import Command


class AbsorbDuplicate(Command):
    """Go on for another record of the same customer, too."""

    duplicate_id: UUID


class ReleaseDuplicate(Command):
    """Let the other record stand for itself again."""

    duplicate_id: UUID


class MergeInto(Command):
    """Asked of the duplicate: go on as another."""

    customer_id: UUID


class UnmergeFrom(Command):
    """Asked of the duplicate: stand for yourself again."""

    customer_id: UUID


class MarkDistinct(Command):
    """State that another record, however alike, is another customer."""

    other_id: UUID


MergeCommand = AbsorbDuplicate | ReleaseDuplicate | MergeInto | UnmergeFrom | MarkDistinct
