"""Decides a command on its stream, and its linked commands on theirs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from chassis.commands.command import Command, Context, FactCommand
from chassis.commands.decider import RejectedError
from chassis.commands.result import VersionMismatchError
from chassis.commands.stream_cache import Loaded
from chassis.commands.streams import Streams
from contracts.types import utc_text

S = TypeVar("S")

# How much the clocks of two systems may differ. A time that is out of order by no more than this is corrected.
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class LinkedCommand:
    """A command to another stream, decided by the rules of that stream. `subject`: its customer, if a different one."""

    streams: Streams[Any]
    stream_id: UUID
    command: Command
    subject: UUID | None = None


class CommandRequest(NamedTuple, Generic[S]):
    """A command with its context and conditions. `not_before` is when that happened which it follows.

    `give_up_at` is the event loop's time at which its caller gets a TimeoutError.
    """

    stream_id: UUID
    subject: UUID
    command: Command
    context: Context
    expected_version: int | None
    authorize: Callable[[S], None]
    linked: Sequence[LinkedCommand]
    is_new: bool
    not_before: datetime | None
    give_up_at: float

    def occurred_at(self, command: Command) -> datetime:
        """Return when the command's events occurred: as stated, or now; not before `not_before`."""
        stated: datetime = getattr(command, "occurred_at", None) or self.context.now
        return max(stated, self.not_before or stated)


class Decision(NamedTuple):
    """The events of a command on one stream, and the state that it was decided on."""

    streams: Streams[Any]
    stream_id: UUID
    subject: UUID
    command: Command
    loaded: Loaded[Any]
    events: Sequence[Any]


async def decide_all(
    streams: Streams[S], loaded: Loaded[S], request: CommandRequest[S], *, read_linked: bool = True
) -> list[Decision]:
    """Decide the command and, if it has any event, the linked commands.

    Without `read_linked`, their streams are assumed to be empty; if one is not, the append reports a conflict.
    """
    events = await decide_first(streams, loaded, request)
    decisions = [Decision(streams, request.stream_id, request.subject, request.command, loaded, events)]
    for link in request.linked if events else ():
        linked_state = await link.streams.load(link.stream_id) if read_linked else link.streams.empty()
        subject = link.subject or request.subject
        linked_events = await link.streams.decide(linked_state, link.command, subject)
        decisions.append(Decision(link.streams, link.stream_id, subject, link.command, linked_state, linked_events))
    return decisions


async def decide_first(streams: Streams[S], loaded: Loaded[S], request: CommandRequest[S]) -> Sequence[Any]:
    """Check authorization, the expected version and the times, then decide."""
    request.authorize(loaded.state)
    if request.expected_version is not None and request.expected_version != loaded.version:
        raise VersionMismatchError(loaded.version)
    refuse_future(request)
    refuse_disorder(request)
    return await streams.decide(loaded, request.command, request.subject)


def refuse_future(request: CommandRequest[Any]) -> None:
    """Raise RejectedError for the first time of the command that is later than now by more than a clock skew."""
    times = request.command.occurrence_times() if isinstance(request.command, FactCommand) else {}
    for place, instant in times.items():
        if instant is not None and instant > request.context.now + CLOCK_SKEW:
            raise RejectedError(
                "occurred-in-future",
                "The time of occurrence cannot be in the future.",
                "发生时间不能晚于当前时间。",
                *place,
            )


def refuse_disorder(request: CommandRequest[Any]) -> None:
    """Raise RejectedError if the command precedes what it follows by more than a clock skew."""
    stated = getattr(request.command, "occurred_at", None) or request.context.now
    earliest = request.not_before
    if earliest is not None and earliest - stated > CLOCK_SKEW:
        raise RejectedError(
            "occurred-too-early",
            f"`occurred_at` is before {utc_text(earliest)}, when that happened which this follows.",
            f"发生时间 `occurred_at` 早于它所依据的事项（{utc_text(earliest)}）。",
            "occurred_at",
        )
