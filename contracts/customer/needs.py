"""What a customer needs, and what became of it."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.types import Word


class NeedStatus(StrEnum):
    OPEN = "open"
    MET = "met"
    GONE = "gone"


class NeedStated(Event):
    """The customer needs `need`, or does no longer: met, or gone without. What was said of it is in the vault."""

    type: Literal["care.customer.need-stated.v1"] = "care.customer.need-stated.v1"
    need: Word
    status: NeedStatus = NeedStatus.OPEN
    text_ref: UUID | None = None


NeedEvent = NeedStated
