"""Shared code of the routes: the customer of a stream, authorization, and the employee of a command."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends

from chassis.commands.command import Command
from chassis.commands.holders import Holders, employees_left
from chassis.http import streams
from chassis.http.access import Allow, Caller
from chassis.http.streams import fold, history, type_of
from contracts.event import Envelope, Event
from services.followup.dependencies import Dependencies

__all__ = [
    "Anyone",
    "by_caller",
    "covered_by",
    "first_of",
    "fold",
    "history",
    "leaver_check",
    "new_id",
    "read_envelopes",
    "require_doer",
    "shared_with",
    "type_of",
]

C = TypeVar("C", bound=Command)

Anyone = Annotated[Caller, Depends(Allow())]
A_MOMENT = timedelta(seconds=1)


def new_id(caller: Caller, needs: Dependencies) -> UUID:
    """Return the id of a new resource; a retry with the same idempotency key gets the same id."""
    return streams.new_id(caller.context, needs.pseudonyms)


def by_caller(command: C, field: str, caller: Caller) -> C:
    """Return the command with the caller in `field`, if the field is empty."""
    return command.model_copy(update={field: getattr(command, field) or caller.principal.subject})


def shared_with(holders: Holders, employee_id: str | None) -> Holders:
    """Return the holders, extended by the employee who has to do the work."""
    return replace(holders, helper_ids=holders.helper_ids | {employee_id}) if employee_id else holders


async def covered_by(caller: Caller, needs: Dependencies) -> frozenset[str]:
    """Return the employees that the caller is the stand-in for now; none for callers who see all."""
    if caller.sees_all:
        return frozenset()
    now = caller.context.now
    found = await needs.absence_queries.covered_by([caller.principal.subject], now, now + A_MOMENT)
    return frozenset(each.employee_id for each in found)


async def leaver_check(field: str, employee_id: str | None, needs: Dependencies) -> Callable[[object], None]:
    """Return an `authorize` that raises RejectedError, which names the field, if the employee has left the company.

    It runs when the command is decided, so a retry of a command that was committed gets its first response.
    """
    leavers = await needs.absence_queries.left([employee_id]) if employee_id else []

    def check(_state: object) -> None:
        if leavers:
            raise employees_left(leavers, field)

    return check


def require_doer(caller: Caller, holders: Holders, employee_id: str | None, covered: frozenset[str]) -> None:
    """Raise the 403 problem unless the caller is the employee, their stand-in, or a holder of the customer."""
    if employee_id not in covered:
        caller.require(shared_with(holders, employee_id))


async def first_of(stream_id: UUID, first_type: type[Event], needs: Dependencies) -> Envelope[Any]:
    """Return the first event of the stream; raise the 404 problem unless it has that type."""
    return await streams.first_of(stream_id, [first_type], needs.store, needs.mapper)


async def read_envelopes(stream_id: UUID, first_type: type[Event], needs: Dependencies) -> list[Envelope[Any]]:
    """Return the events of the stream; raise the 404 problem unless its first event has that type."""
    return await streams.read_envelopes(stream_id, [first_type], needs.store, needs.mapper)
