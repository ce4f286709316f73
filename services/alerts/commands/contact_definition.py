"""The command to publish what counts as a contact by a person, validated before it reaches its decider."""

from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field

from chassis.versions.decider import Publication
from contracts.alerts import Reason
from contracts.alerts.contact_definition import MAX_LISTED
from contracts.field_error import FieldError
from contracts.followup import Channel, Direction
from contracts.types import Code, EmployeeId

T = TypeVar("T", bound=str)


def each_once(listed: tuple[T, ...]) -> tuple[T, ...]:
    """Return the entries in a fixed order: their order means nothing."""
    if len(set(listed)) < len(listed):
        raise FieldError("each entry may occur only once", "每一项只能出现一次")
    return tuple(sorted(listed))


class PublishContactDefinition(Publication):
    """What counts from now on. Empty `channels` or `directions` mean all. `reason` must not hold personal data."""

    automated: bool = False
    outcomes: Annotated[tuple[Code, ...], Field(max_length=MAX_LISTED), AfterValidator(each_once)]
    channels: Annotated[tuple[Channel, ...], Field(max_length=len(Channel)), AfterValidator(each_once)] = ()
    directions: Annotated[tuple[Direction, ...], Field(max_length=len(Direction)), AfterValidator(each_once)] = ()
    accounts: Annotated[tuple[EmployeeId, ...], Field(max_length=MAX_LISTED), AfterValidator(each_once)] = ()
    reason: Reason
