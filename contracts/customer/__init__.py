"""Facts the customer service publishes. Fields may be added with a default, never renamed."""

from typing import Annotated

from pydantic import Field

from contracts.customer.life import LifeEvent, Mode, Stage, StageChanged, TierChanged, mode_of
from contracts.customer.needs import NeedEvent, NeedStated, NeedStatus
from contracts.customer.ownership import OwnerAssigned, OwnershipEvent
from contracts.customer.people import (
    KeyContactAdded,
    KeyContactChanged,
    KeyContactRemoved,
    KeyContactStated,
    PeopleEvent,
)
from contracts.customer.record import Kind, ProfileChanged, RecordEvent, Registered, WorkStatus

AnyEvent = Annotated[RecordEvent | LifeEvent | OwnershipEvent | PeopleEvent | NeedEvent, Field(discriminator="type")]

__all__ = [
    "AnyEvent",
    "KeyContactAdded",
    "KeyContactChanged",
    "KeyContactRemoved",
    "KeyContactStated",
    "Kind",
    "Mode",
    "NeedStated",
    "NeedStatus",
    "OwnerAssigned",
    "ProfileChanged",
    "Registered",
    "Stage",
    "StageChanged",
    "TierChanged",
    "WorkStatus",
    "mode_of",
]
