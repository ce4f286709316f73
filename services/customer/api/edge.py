"""What the routes of all themes do alike: who may call them."""

from typing import Annotated

from fastapi import Depends

from chassis.access import EVERYWHERE, OWN, Allow, Caller, Holders
from chassis.auth import Role

CONFIDANTS = frozenset({Role.OPS, Role.ADMIN})
Anyone = Annotated[Caller, Depends(Allow())]
Office = Annotated[Caller, Depends(Allow(own={Role.LEADER}))]
Reader = Annotated[Caller, Depends(Allow(anywhere=EVERYWHERE | {Role.FINANCE}, own=OWN))]


def shows_words(caller: Caller, holders: Holders) -> bool:
    """Say whether the caller may see what persons at the customer are called, and how they are reached."""
    return bool(caller.principal.roles & CONFIDANTS) or holders.include(caller.principal.subject)
