"""The newest events of the store, from which streams resume. Each is decoded once, when a stream needs it."""

from collections import deque
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final

from eventsourcing.persistence import MapperDeserialisationError

from chassis.runtime.turns import in_turns
from chassis.store.mapper import EventMapper, RecordedEvent
from contracts.alerts import AlertEvent
from services.alerts.live.transitions import Transition, transition_of

# After how many events, and at the start of the process, a stream can still be resumed.
MAX_RESUMED: Final = 1_000


class Unread:
    """An event of the store."""

    def __init__(self, row: RecordedEvent, mapper: EventMapper) -> None:
        self.position = row.id
        self._row = row
        self._mapper = mapper

    @cached_property
    def transitions(self) -> tuple[Transition, ...] | None:
        """Return the transition, if the event is one; None if only a newer build can read it."""
        try:
            envelope = self._mapper.to_envelope(self._row)
        except MapperDeserialisationError:
            return None
        return (transition_of(envelope),) if isinstance(envelope.event, AlertEvent) else ()


class Recent:
    """The last MAX_RESUMED events that follow the position `after`."""

    def __init__(self) -> None:
        self.after = 0
        self._events: deque[Unread] = deque()

    def add(self, events: Iterable[Unread]) -> None:
        self._events += events
        while len(self._events) > MAX_RESUMED:
            self.after = self._events.popleft().position

    async def prepare(self, position: int) -> None:
        """Decode what follows a position, so that `since` takes no time."""
        async for each in in_turns(self._following(position)):
            _ = each.transitions

    def since(self, position: int) -> list[Transition] | None:
        """Return the transitions after a position; None if not all of them are known and can be read."""
        if position < self.after:
            return None
        return decoded(self._following(position))

    def _following(self, position: int) -> list[Unread]:
        return [each for each in self._events if each.position > position]


def decoded(events: Sequence[Unread]) -> list[Transition] | None:
    """Return the transitions among events; None if one cannot be read."""
    found = list[Transition]()
    for each in events:
        if each.transitions is None:
            return None
        found += each.transitions
    return found
