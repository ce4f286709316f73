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

PERSONAL_DATA_ROLES = frozenset({Role.OPS, Role.ADMIN})
READERS = Allow(anywhere=EVERYWHERE | {Role.FINANCE}, own=OWN)
Anyone = Annotated[Caller, Depends(Allow())]
# Leaders for customers that they lead; ops, admin and integration for every customer.
Leader = Annotated[Caller, Depends(Allow(own={Role.LEADER}))]
LeaderCreating = Annotated[Caller, Depends(Allow(own={Role.LEADER}, compares_versions=False))]
Reader = Annotated[Caller, Depends(READERS)]


def require_current(customer: Customer) -> None:
    """Raise the 404 problem for an unknown customer, and MovedError for a merged one."""
    if not customer.known:
        raise not_found()
    if customer.merged_into:
        raise MovedError(customer.merged_into)


def authorization(caller: Caller) -> Callable[[Customer], None]:
    """Return the check of a command's caller. Unknown and merged customers pass: the rules reject them."""
    return lambda customer: caller.require(customer.holders) if customer.known and not customer.merged_into else None


def may_see_personal_data(caller: Caller, holders: Holders) -> bool:
    """Whether the caller may see the personal data of the customer and its key contacts."""
    return bool(caller.principal.roles & PERSONAL_DATA_ROLES) or holders.include(caller.principal.subject)
