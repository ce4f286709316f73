"""The rules of versioned configuration: version numbers, unchanged content, and effective times.

Pure. A Kind describes one kind of configuration: the stream of its versions, their name, and its own rules.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar, Union

from pydantic import Field, PlainValidator, SerializeAsAny, TypeAdapter

from chassis.commands.command import Command
from chassis.commands.decider import Decider, RejectedError
from contracts.event import Event
from contracts.topics import EVENT_TYPES
from contracts.types import Instant
from contracts.version import Published

E = TypeVar("E", bound=Published)

FIRST_NUMBER = 1
# How many versions of one configuration may wait until they are in force.
MAX_WAITING = 10
# The name used where a kind has only one configuration.
ONLY = ""
VERSION_TYPES = tuple(each for each in EVENT_TYPES.values() if issubclass(each, Published))
ANY_VERSION: TypeAdapter[Any] = TypeAdapter(
    Annotated[Union[VERSION_TYPES], Field(discriminator="type")]  # type: ignore[arg-type]  # noqa: UP007
)


class Publication(Command):
    """The complete content of a new version. It is in force from `effective_from`; if absent, at once."""

    effective_from: Instant | None = None


class Publish(Command, Generic[E]):
    """Publish `version` at an instant. The decider assigns the next number."""

    version: E
    at: Instant


@dataclass(frozen=True, slots=True)
class Timeline(Generic[E]):
    """The last number, and the versions that are or may come into force; no versions after a removal."""

    number: int = 0
    versions: tuple[Annotated[SerializeAsAny[E], PlainValidator(ANY_VERSION.validate_python)], ...] = ()


@dataclass(frozen=True, slots=True)
class Kind(Generic[E]):
    """One kind of configuration. The stream id is derived from `stream` and the name in the field `name_field`.

    `shipped` are the versions in force before one is published. `unpublished` are shipped templates that are not in
    force. `complete` fills in omitted parts of a new version from the latest one. `decide_other` decides all commands
    but Publish.
    """

    stream: tuple[str, ...]
    name_field: str | None = None
    shipped: Mapping[str, E] = field(default_factory=dict)
    unpublished: Mapping[str, E] = field(default_factory=dict)
    complete: Callable[[E | None, E], E] | None = None
    decide_other: Callable[[Timeline[E], Any], Sequence[Event]] | None = None

    @property
    def decider(self) -> Decider[Timeline[E]]:
        return Decider(initial=Timeline(), decide=self.decide, evolve=evolve)

    def decide(self, timeline: Timeline[E], command: Any) -> Sequence[Event]:
        """Return the events that `command` causes: none if the latest version has the same content."""
        if self.decide_other and not isinstance(command, Publish):
            return self.decide_other(timeline, command)
        return self.publish(timeline, command)

    def publish(self, timeline: Timeline[E], command: Publish[E]) -> list[E]:
        known = self.known(timeline, self.name_of(command.version))
        latest, number = (known[-1], known[-1].number) if known else (None, timeline.number)
        content = self.complete(latest, command.version) if self.complete else command.version
        version = content.model_copy(update={"number": number + 1})
        if latest and is_unchanged(version, latest, command.at):
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
        return getattr(version, self.name_field) if self.name_field else ONLY


def evolve(timeline: Timeline[E], event: Any) -> Timeline[E]:
    """Apply one event. Every event that is not a version removes all versions."""
    return with_version(timeline, event) if is_version(event) else Timeline(timeline.number)


def is_version(event: Any) -> bool:
    return isinstance(event, Published)


def with_version(timeline: Timeline[E], version: E) -> Timeline[E]:
    kept = [each for each in timeline.versions if comes_before(each, version)]
    # One version is in force, and up to MAX_WAITING are not in force yet.
    return Timeline(version.number, (*kept, version)[-1 - MAX_WAITING :])


def comes_before(version: Published, later: Published) -> bool:
    """Return whether a version comes into force before a later one does."""
    if later.effective_from is None:
        return False
    return version.effective_from is None or version.effective_from < later.effective_from


def is_effective(version: Published, at: datetime) -> bool:
    return version.effective_from is None or version.effective_from <= at


def waiting(known: Sequence[E], at: datetime) -> list[E]:
    """Return the versions that are not yet in force at an instant."""
    return [each for each in known if not is_effective(each, at)]


def is_unchanged(version: E, latest: E, at: datetime) -> bool:
    """Return whether the latest version has the same content, and is in force already or from the same instant."""
    ignored = {"number": latest.number, "effective_from": latest.effective_from}
    is_as_early = is_effective(latest, at) or version.effective_from == latest.effective_from
    return is_as_early and version.model_copy(update=ignored) == latest


def refuse_past(version: Published, at: datetime) -> None:
    if version.effective_from is not None and version.effective_from < at:
        raise RejectedError(
            "effective-in-past",
            "effective_from must not be in the past. Without effective_from, the version is in force at once.",
            "effective_from 不能早于当前时间；不填则立即生效。",
            "effective_from",
        )


def too_many_wait() -> RejectedError:
    return RejectedError(
        "too-many-versions-wait",
        f"At most {MAX_WAITING} versions may wait for their effective time.",
        f"最多可有 {MAX_WAITING} 个待生效的版本。",
    )


def version_of(event: type[E], command: Command, **name: str) -> E:
    """Return the content of a command as a version; its number is assigned when it is published."""
    return event.model_validate({**command.model_dump(), **name, "number": FIRST_NUMBER})
