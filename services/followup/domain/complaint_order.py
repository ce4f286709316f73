"""The order of the steps of a complaint: none happens before the steps that it follows."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from contracts import followup as events
from contracts.event import Envelope
from services.followup import commands

BEGINNINGS = events.ComplaintRaised | events.ComplaintReopened


def not_before(command: commands.ComplaintCommand, past: Iterable[Envelope[Any]]) -> datetime:
    """Return the time of the latest of the past events that the step follows."""
    followed = followed_by(command)
    return max(each.occurred_at for each in past if isinstance(each.event, followed))


def followed_by(command: commands.ComplaintCommand) -> Any:
    """Return the types of the events that the step follows."""
    match command:
        case commands.Communicate() | commands.Confirm() | commands.Consent():
            return BEGINNINGS | events.ComplaintAnswered
        case commands.Close():
            return BEGINNINGS | events.ComplaintConfirmed
        case commands.Reopen():
            return BEGINNINGS | events.ComplaintConfirmed | events.ComplaintClosed
        case commands.Resume():
            return BEGINNINGS | events.ComplaintPaused
        case _:
            return BEGINNINGS
