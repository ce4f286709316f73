"""Guards: findings that the contacts with a customer do not fit its stage."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.customer import Mode, Stage
from contracts.event import Event
from contracts.types import EmployeeId, Instant

MAX_CONTACTS = 50

Contacts = Annotated[tuple[UUID, ...], Field(max_length=MAX_CONTACTS)]
Employees = Annotated[tuple[EmployeeId, ...], Field(max_length=MAX_CONTACTS)]


class Guard(StrEnum):
    """What a guard finds.

    `care-before-deal`: care contacts before the deal. `greetings-only`: only greetings after the deal. `no-intent`:
    many attempts to contact a customer without intent. `two-colleagues`: two employees contact the same customer.
    """

    CARE_BEFORE_DEAL = "care-before-deal"
    GREETINGS_ONLY = "greetings-only"
    NO_INTENT = "no-intent"
    TWO_COLLEAGUES = "two-colleagues"


class GuardTripped(Event):
    """A guard was triggered: at least `at_least` contacts within `within_days` days match it.

    `number` counts how often this guard was triggered for the customer. `contact_ids` are the contacts, `since` is the
    time of the first one, and `employee_ids` are the employees who made them.
    """

    type: Literal["care.followup.guard-tripped.v1"] = "care.followup.guard-tripped.v1"
    guard: Guard
    number: int = Field(ge=1)
    stage: Stage
    mode: Mode | None = None
    contact_ids: Contacts
    employee_ids: Employees
    at_least: int = Field(ge=1)
    within_days: int = Field(ge=1)
    since: Instant
    owner_id: EmployeeId | None = None
    leader_id: EmployeeId | None = None


class GuardCleared(Event):
    """A guard was cleared, because its condition no longer holds."""

    type: Literal["care.followup.guard-cleared.v1"] = "care.followup.guard-cleared.v1"
    guard: Guard
    number: int = Field(ge=1)


GuardEvent = GuardTripped | GuardCleared
