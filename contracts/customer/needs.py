"""The needs of a customer and their status."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.types import Word


class NeedStatus(StrEnum):
    """`gone`: the customer no longer has the need, although it was not met."""

    OPEN = "open"
    MET = "met"
    GONE = "gone"


class NeedStated(Event):
    """A need of the customer was recorded, or its status changed. The text is in the vault."""

    type: Literal["care.customer.need-stated.v1"] = "care.customer.need-stated.v1"
    need: Word
    status: NeedStatus = NeedStatus.OPEN
    text_ref: UUID | None = None


NeedEvent = NeedStated
