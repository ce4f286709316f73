"""Looks up versions: the one in force at an instant, one by number, or all."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic
from uuid import UUID

from chassis.commands.command_handler import CommandHandler
from chassis.commands.problem import not_found
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.store.pseudonym import Pseudonyms
from chassis.versions.decider import ONLY, E, Kind, Timeline, evolve, is_version

SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Version(Generic[E]):
    """A version, when it was published, and by whom; a shipped version has no time and the publisher `system`."""

    content: E
    published_at: datetime | None = None
    published_by: str = SYSTEM


class Versions(Generic[E]):
    """The versions of one kind, up to date with every acknowledged command."""

    def __init__(self, kind: Kind[E], store: EventStore, mapper: EventMapper, pseudonyms: Pseudonyms) -> None:
        self.kind = kind
        self.handler: CommandHandler[Timeline[E]] = CommandHandler(store, kind.decider, mapper)
        self._store = store
        self._mapper = mapper
        self._pseudonyms = pseudonyms

    def stream_of(self, name: str = ONLY) -> UUID:
        return self._pseudonyms.derived(*self.kind.stream, *((name,) if self.kind.name_field else ()))

    async def find(self, at: datetime, name: str = ONLY, *, recent: bool = False) -> E | None:
        """Return the version in force at `at`, which is now or in the future.

        `recent` accepts a cached state that is at most RECENT_SECONDS old.
        """
        load = self.handler.load_recent if recent else self.handler.load
        return self.kind.in_force((await load(self.stream_of(name))).state, name, at)

    async def in_force(self, at: datetime, name: str = ONLY) -> E:
        """Return the version in force at `at`; raise the 404 problem if none is."""
        return found(await self.find(at, name))

    async def in_force_as_recorded(self, at: datetime, name: str = ONLY) -> E:
        """Return the version that was in force at `at`, as published by then; raise the 404 problem if none."""
        timeline: Timeline[E] = Timeline()
        async for row in self._store.read_stream(self.stream_of(name)):
            if row.recorded_at <= at:
                timeline = evolve(timeline, self._mapper.to_envelope(row).event)
        return found(self.kind.in_force(timeline, name, at))

    async def version(self, number: int, name: str = ONLY) -> E:
        """Return the version of this number; raise the 404 problem if there is none."""
        return found(next((each.content for each in await self.history(name) if each.content.number == number), None))

    async def history(self, name: str = ONLY) -> list[Version[E]]:
        """Return all versions, the latest first."""
        envelopes = [self._mapper.to_envelope(row) async for row in self._store.read_stream(self.stream_of(name))]
        published = [
            Version(each.event, each.recorded_at, each.metadata.actor) for each in envelopes if is_version(each.event)
        ]
        shipped = [Version(self.kind.shipped[name])] if name in self.kind.shipped else []
        return [*reversed(published), *shipped]


def found(version: E | None) -> E:
    if version is None:
        raise not_found()
    return version
