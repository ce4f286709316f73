"""Small valid appends for tests of the store, and what it then holds."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from chassis.store.append import Answer, Append
from chassis.store.event_store import EventStore
from chassis.store.mapper import NewEvent, RecordedEvent

ANSWER = Answer(b"hash", 200, b'{"version": 1}')


def new_event(stream_id: UUID, version: int, *, state: bytes = b"{}", subject: UUID | None = None) -> NewEvent:
    return NewEvent(stream_id, version, "care.customer.stage-changed.v1", state, subject or stream_id)


def append_of(stream_id: UUID, versions: Sequence[int], *, key: str | None = None) -> Append:
    return Append(key or str(uuid4()), ANSWER, [new_event(stream_id, version) for version in versions])


async def rows_of(store: EventStore, stream_id: UUID, *, after_version: int = 0) -> list[RecordedEvent]:
    return [row async for row in store.read_stream(stream_id, after_version=after_version)]
