"""When something happened."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct


class Occurrence(Struct, frozen=True, array_like=True, gc=False):
    """When something happened, and the id of the event that states it."""

    at: datetime
    cause: UUID


def latest(known: Occurrence | None, new: Occurrence | None) -> Occurrence | None:
    """Return the later one; of two at the same time, the known one."""
    if known is None or new is None:
        return known or new
    return new if new.at > known.at else known
