"""The rules of what is published in whole versions: the next number, nothing new if it is the same, and from when on.

Pure. A kind of configuration says where its versions stand, how they are named, and what is special about it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from chassis.commands.command import Command
from chassis.commands.decider import Decider, RejectedError
from contracts.event import Event
from contracts.types import Instant
from contracts.version import Published

E = TypeVar("E", bound=Published)

FIRST_NUMBER = 1
# How many versions of one thing may wait until they are in force.
MAX_WAITING = 10
# The name of what there is only one of.
ONLY = ""


class Publication(Command):
    """All that a new version says. It is in force from `effective_from` on; at once, if absent."""

    effective_from: Instant | None = None


class Publish(Command, Generic[E]):
    """Publish `version` at an instant. Its number is not asked for: it gets the next."""

    version: E
    at: Instant


@dataclass(frozen=True, slots=True)
class Timeline(Generic[E]):
    """The last number, and the versions that are in force or may come into force; none once it has been removed."""

    number: int = 0
    versions: tuple[E, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind(Generic[E]):
    """One kind of configuration. `stream` and the name lead to its versions; `named_by` is the field of the name.

    `shipped` are first versions, in force before anybody has published one. `unpublished` ship, too, but are not in
    force. `carried` lets a version take over what its publisher says nothing of from the latest one. `decide_other`
    decides all commands but Publish.
    """

    stream: tuple[str, ...]
    named_by: str | None = None
    shipped: Mapping[str, E] = field(default_factory=dict)
    unpublished: Mapping[str, E] = field(default_factory=dict)
    carried: Callable[[E | None, E], E] | None = None
    decide_other: Callable[[Timeline[E], Any], Sequence[Event]] | None = None

    @property
    def decider(self) -> Decider[Timeline[E]]:
        return Decider(initial=Timeline(), decide=self.decide, evolve=evolve)

    def decide(self, timeline: Timeline[E], command: Any) -> Sequence[Event]:
        """Return the facts that `command` earns: none when the latest says the same."""
        if self.decide_other and not isinstance(command, Publish):
            return self.decide_other(timeline, command)
        return self.published(timeline, command)

    def published(self, timeline: Timeline[E], command: Publish[E]) -> list[E]:
        known = self.known(timeline, self.name_of(command.version))
        latest, number = (known[-1], known[-1].number) if known else (None, timeline.number)
        said = self.carried(latest, command.version) if self.carried else command.version
        version = said.model_copy(update={"number": number + 1})
        if latest and says_the_same(version, latest, command.at):
            return []
        refuse_past(version, command.at)
        if sum(comes_before(each, version) for each in waiting(known, command.at)) >= MAX_WAITING:
            raise too_many_wait()
        return [version]

    def known(self, timeline: Timeline[E], name: str) -> tuple[E, ...]:
        """Return the versions that are in force or may come into force, the latest last."""
        return (*((self.shipped[name],) if name in self.shipped else ()), *timeline.versions)

    def in_force(self, timeline: Timeline[E], name: str, at: datetime) -> E | None:
        """Return the version that is in force at an instant, if one is."""
        return next((each for each in reversed(self.known(timeline, name)) if is_effective(each, at)), None)

    def name_of(self, version: E) -> str:
        return getattr(version, self.named_by) if self.named_by else ONLY


def evolve(timeline: Timeline[E], event: Any) -> Timeline[E]:
    """Apply one fact. Whatever publishes nothing removes what was published."""
    return followed(timeline, event) if is_version(event) else Timeline(timeline.number)


def is_version(event: Any) -> bool:
    return isinstance(event, Published)


def followed(timeline: Timeline[E], version: E) -> Timeline[E]:
    kept = [each for each in timeline.versions if comes_before(each, version)]
    # One is in force, and no more than MAX_WAITING are not yet.
    return Timeline(version.number, (*kept, version)[-1 - MAX_WAITING :])


def comes_before(version: Published, later: Published) -> bool:
    """Say whether a version is in force for a while before a later one is."""
    if later.effective_from is None:
        return False
    return version.effective_from is None or version.effective_from < later.effective_from


def is_effective(version: Published, at: datetime) -> bool:
    return version.effective_from is None or version.effective_from <= at


def waiting(known: Sequence[E], at: datetime) -> list[E]:
    """Return the versions that are not yet in force at an instant."""
    return [each for each in known if not is_effective(each, at)]


def says_the_same(version: E, latest: E, at: datetime) -> bool:
    """Say whether the latest version holds all of it, from the same instant on or already."""
    held = {"number": latest.number, "effective_from": latest.effective_from}
    from_then_on = is_effective(latest, at) or version.effective_from == latest.effective_from
    return from_then_on and version.model_copy(update=held) == latest


def refuse_past(version: Published, at: datetime) -> None:
    if version.effective_from is not None and version.effective_from < at:
        raise RejectedError(
            "effective-in-past",
            "A version cannot be in force before it is published; without effective_from it is in force at once.",
            "版本不能在发布之前生效；不填 effective_from 则立即生效。",
        )


def too_many_wait() -> RejectedError:
    return RejectedError(
        "too-many-versions-wait",
        f"Up to {MAX_WAITING} versions may wait until they are in force.",
        f"最多 {MAX_WAITING} 个版本可以等待生效。",
    )


def version_of(event: type[E], said: Command, **name: str) -> E:
    """Return what is said as a version; its number is settled when it is published."""
    return event.model_validate({**said.model_dump(), **name, "number": FIRST_NUMBER})
