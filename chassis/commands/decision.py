"""What a command earns: decided on its own stream, and on the streams of the commands linked to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from chassis.commands.command import Command, Context, FactCommand
from chassis.commands.decider import RejectedError
from chassis.commands.result import VersionMismatchError
from chassis.commands.stream_cache import Loaded
from chassis.commands.streams import Streams

S = TypeVar("S")

CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class LinkedCommand:
    """A command to another stream, whose own rules decide it. `subject`: its customer, if it is another one."""

    streams: Streams[Any]
    stream_id: UUID
    command: Command
    subject: UUID | None = None


@dataclass(frozen=True, slots=True)
class CommandRequest(Generic[S]):
    """A command with everything that it was sent with."""

    stream_id: UUID
    subject: UUID
    command: Command
    context: Context
    expected_version: int | None
    authorize: Callable[[S], None]
    linked: Sequence[LinkedCommand]
    is_new: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """The events that a command earned on one stream, and the state that it was decided on."""

    streams: Streams[Any]
    stream_id: UUID
    subject: UUID
    command: Command
    loaded: Loaded[Any]
    events: Sequence[Any]


async def decide_all(
    streams: Streams[S], loaded: Loaded[S], request: CommandRequest[S], *, read_linked: bool = True
) -> list[Decision]:
    """Decide the command and, if it earns any event, those linked to it.

    Without `read_linked`, their streams are taken to be empty; the append finds out if they are not.
    """
    events = decide_first(streams, loaded, request)
    decisions = [Decision(streams, request.stream_id, request.subject, request.command, loaded, events)]
    for link in request.linked if events else ():
        found = await link.streams.load(link.stream_id) if read_linked else link.streams.empty()
        earned = link.streams.decide(found, link.command)
        subject = link.subject or request.subject
        decisions.append(Decision(link.streams, link.stream_id, subject, link.command, found, earned))
    return decisions


def decide_first(streams: Streams[S], loaded: Loaded[S], request: CommandRequest[S]) -> Sequence[Any]:
    """Check what the caller may do, expects and tells of, then ask the rules."""
    request.authorize(loaded.state)
    if request.expected_version is not None and request.expected_version != loaded.version:
        raise VersionMismatchError(loaded.version)
    told = request.command.tells_of() if isinstance(request.command, FactCommand) else ()
    if any(instant is not None and instant > request.context.now + CLOCK_SKEW for instant in told):
        raise RejectedError(
            "occurred-in-future",
            "A fact cannot have occurred in the future.",
            "事实的发生时间不能在将来。",
        )
    return streams.decide(loaded, request.command)
