"""When something happened."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Struct
from pydantic import InstanceOf, PlainSerializer


class Occurrence(Struct, frozen=True, array_like=True, gc=False):
    """When something happened, and the id of the event that states it."""

    at: datetime
    cause: UUID


# An event that published, retired or removed something, as a field of what was published.
Caused = Annotated[InstanceOf[Occurrence], PlainSerializer(lambda event: (event.at, event.cause))]


def latest(known: Occurrence | None, new: Occurrence | None) -> Occurrence | None:
    """Return the later one; of two at the same time, the known one."""
    if known is None or new is None:
        return known or new
    return new if new.at > known.at else known
