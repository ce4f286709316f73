"""What all published versions of configuration have in common: a number, and from when on they are in force."""

from pydantic import Field

from contracts.event import Event
from contracts.types import Instant


class Published(Event):
    """A whole new version. It is in force from `effective_from` on; from when it was recorded on, if absent.

    In force at an instant is the version with the highest number of those that have come into force by then.
    """

    number: int = Field(ge=1)
    effective_from: Instant | None = None
