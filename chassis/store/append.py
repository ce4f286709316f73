"""Appends to the event store: the effect of one command, and the statement that commits a batch of them."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from chassis.postgres.database import Connection
from chassis.runtime.clock import utc_now
from chassis.store.mapper import NewEvent
from chassis.store.retention import RETENTION
from chassis.store.vault import VaultEntry

MAX_EVENT_BYTES = 256 * 1024
APPEND = (
    "SELECT command, outcome, last_position FROM check_clock($17), append_events($1, $2, $3, $4, $5, $6, $7, $8, $9,"
    " $10, $11, $12, $13, $14, $15, $16)"
)


class Outcome(StrEnum):
    DONE = "done"
    CONFLICT = "conflict"
    DUPLICATE = "duplicate"


OUTCOMES = {outcome.value: outcome for outcome in Outcome}


class EventTooLargeError(ValueError):
    """The event is larger than MAX_EVENT_BYTES, and the broker would reject it."""


class Answer(NamedTuple):
    """The response to a command, stored for retries. `request_hash` shows whether a retry is the same request."""

    request_hash: bytes
    status: int
    body: bytes


class Append(NamedTuple):
    """The effect of one command, all or nothing. `key` is the idempotency key: sent twice, it has one effect.

    With `expires`, this holds for RETENTION only, and the stored answer is then deleted.
    """

    key: str
    answer: Answer
    events: Sequence[NewEvent] = ()
    vault: Sequence[VaultEntry] = ()
    expires: bool = False

    def conflict_keys(self) -> set[object]:
        """Return the idempotency key and stream versions, which no other append of the same batch may share."""
        return {self.key, *((event.originator_id, event.originator_version) for event in self.events)}


class Appended(NamedTuple):
    outcome: Outcome
    last_position: int


def check_sizes(append: Append) -> None:
    """Raise EventTooLargeError if an event is larger than MAX_EVENT_BYTES."""
    for event in append.events:
        if len(event.state) > MAX_EVENT_BYTES:
            raise EventTooLargeError(f"{event.topic} has {len(event.state)} bytes; the limit is {MAX_EVENT_BYTES}")


async def execute_appends(held: Connection, appends: Sequence[Append]) -> list[Appended]:
    """Send all appends in one statement and return one outcome each, in order. Raises ClockError."""
    rows = await held.fetch(APPEND, *arrays(appends), utc_now())
    outcomes = {number: Appended(OUTCOMES[outcome], last_position) for number, outcome, last_position in rows}
    return [outcomes[number] for number in range(1, len(appends) + 1)]


def arrays(appends: Sequence[Append]) -> list[list[object]]:
    events = [(number, event) for number, append in enumerate(appends, 1) for event in append.events]
    entries = [(number, entry) for number, append in enumerate(appends, 1) for entry in append.vault]
    return [
        [append.key for append in appends],
        [append.answer.request_hash for append in appends],
        [append.answer.status for append in appends],
        [append.answer.body for append in appends],
        [number for number, _ in events],
        [event.originator_id for _, event in events],
        [event.originator_version for _, event in events],
        [event.subject for _, event in events],
        [event.topic for _, event in events],
        [event.state for _, event in events],
        [number for number, _ in entries],
        [entry.id for _, entry in entries],
        [entry.subject for _, entry in entries],
        [entry.field for _, entry in entries],
        [entry.value for _, entry in entries],
        [RETENTION.days if append.expires else None for append in appends],
    ]
