"""Facts the customer service publishes. Fields may be added with a default, never renamed."""

from typing import Annotated

from pydantic import Field

from contracts.customer.life import LifeEvent, Mode, Stage, StageChanged, TierChanged, mode_of
from contracts.customer.ownership import OwnerAssigned, OwnershipEvent
from contracts.customer.record import Kind, ProfileChanged, RecordEvent, Registered, WorkStatus

AnyEvent = Annotated[RecordEvent | LifeEvent | OwnershipEvent, Field(discriminator="type")]

__all__ = [
    "AnyEvent",
    "Kind",
    "Mode",
    "OwnerAssigned",
    "ProfileChanged",
    "Registered",
    "Stage",
    "StageChanged",
    "TierChanged",
    "WorkStatus",
    "mode_of",
]
