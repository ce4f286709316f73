"""Who may call the routes of this service."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends

from chassis.commands.decider import MovedError
from chassis.commands.holders import Holders
from chassis.commands.problem import not_found
from chassis.http.access import EVERYWHERE, OWN, Allow, Caller
from chassis.http.auth import Role
from services.customer.domain import Customer

CONFIDANTS = frozenset({Role.OPS, Role.ADMIN})
READERS = Allow(anywhere=EVERYWHERE | {Role.FINANCE}, own=OWN)
Anyone = Annotated[Caller, Depends(Allow())]
Office = Annotated[Caller, Depends(Allow(own={Role.LEADER}))]
Reader = Annotated[Caller, Depends(READERS)]


def require_standing(customer: Customer) -> None:
    """Raise the 404 problem for a customer who is not known, and say where one goes on that was merged."""
    if not customer.known:
        raise not_found()
    if customer.merged_into:
        raise MovedError(customer.merged_into)


def authorization(caller: Caller) -> Callable[[Customer], None]:
    """Return the check of a command's caller; unknown and merged customers are left to the rules."""
    return lambda customer: caller.require(customer.holders) if customer.known and not customer.merged_into else None


def shows_words(caller: Caller, holders: Holders) -> bool:
    """Say whether the caller may see what persons at the customer are called, and how they are reached."""
    return bool(caller.principal.roles & CONFIDANTS) or holders.include(caller.principal.subject)
