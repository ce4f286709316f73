"""What can be asked about a customer. The names are the field's own; texts about persons go to the vault."""

from typing import Annotated

from services.customer.commands.life import ChangeStage, SetTier, Tier
from services.customer.commands.needs import StateNeed
from services.customer.commands.ownership import AssignOwner
from services.customer.commands.people import AddKeyContact, ChangeKeyContact, KeyContact, RemoveKeyContact
from services.customer.commands.record import ChangeProfile, ExternalReference, Profile, Register

AnyCommand = Annotated[
    Register
    | ChangeProfile
    | ChangeStage
    | SetTier
    | AssignOwner
    | AddKeyContact
    | ChangeKeyContact
    | RemoveKeyContact
    | StateNeed,
    "asked of one customer",
]

__all__ = [
    "AddKeyContact",
    "AnyCommand",
    "AssignOwner",
    "ChangeKeyContact",
    "ChangeProfile",
    "ChangeStage",
    "ExternalReference",
    "KeyContact",
    "Profile",
    "Register",
    "RemoveKeyContact",
    "SetTier",
    "StateNeed",
    "Tier",
]
