"""Versions of what counts as a contact by a person (ADR 0043). They concern no customer."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.alerts.rule import Reason
from contracts.followup import Channel, Direction
from contracts.types import Code, EmployeeId
from contracts.version import Published

# Of each list.
MAX_LISTED = 100


class ContactDefinitionPublished(Published):
    """A version of what counts as a contact by a person was published. It concerns contacts recorded from then on.

    A contact counts unless one of the fields excludes it. `outcomes` are those of attempts that reached nobody. Empty
    `channels` or `directions` mean all of them. `accounts` are employee ids of programs. Automated contacts count only
    if `automated` is true.
    """

    type: Literal["care.alert.contact-definition-published.v1"] = "care.alert.contact-definition-published.v1"
    automated: bool = False
    outcomes: Annotated[tuple[Code, ...], Field(max_length=MAX_LISTED)] = ()
    channels: Annotated[tuple[Channel, ...], Field(max_length=MAX_LISTED)] = ()
    directions: Annotated[tuple[Direction, ...], Field(max_length=MAX_LISTED)] = ()
    accounts: Annotated[tuple[EmployeeId, ...], Field(max_length=MAX_LISTED)] = ()
    reason: Reason
