"""A record as a consumer received it, decoded if possible."""

from typing import Any, NamedTuple
from uuid import UUID

from chassis.consume.positions import Source

# The subject of records that contain no customer id.
UNKNOWN_CUSTOMER = UUID(int=0)


class Delivery(NamedTuple):
    """One received record. `event` is None if it could not be decoded; `problem` is the reason.

    Both are None if this build does not know the event type. `event` is what the applier's decoder returns: an
    Envelope or a Fact. Only inbound messages have `headers`.
    """

    source: Source
    position: int
    previous: int
    subject: UUID
    headers: dict[str, str]
    value: bytes | None
    event: Any
    problem: str | None = None
    traceparent: str | None = None
