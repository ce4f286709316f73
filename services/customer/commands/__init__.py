"""What can be asked about a customer. The names are the field's own; texts about persons go to the vault."""

from typing import Annotated

from services.customer.commands.life import ChangeStage, SetTier, Tier
from services.customer.commands.ownership import AssignOwner
from services.customer.commands.record import ChangeProfile, ExternalReference, Profile, Register

AnyCommand = Annotated[Register | ChangeProfile | ChangeStage | SetTier | AssignOwner, "asked of one customer"]

__all__ = [
    "AnyCommand",
    "AssignOwner",
    "ChangeProfile",
    "ChangeStage",
    "ExternalReference",
    "Profile",
    "Register",
    "SetTier",
    "Tier",
]
