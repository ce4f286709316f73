"""How a customer is treated, where that does not fit its stage: found in the contacts, said with them, and cleared."""

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
    """Care before the deal presses; nothing but greetings after it misses needs; the others speak for themselves."""

    CARE_BEFORE_DEAL = "care-before-deal"
    GREETINGS_ONLY = "greetings-only"
    NO_INTENT = "no-intent"
    TWO_COLLEAGUES = "two-colleagues"


class GuardTripped(Event):
    """For the `number`th time with this customer: `contact_ids` are at least `at_least` contacts in `within_days` days.

    `since` is when the first of them took place, `employee_ids` are those who made them.
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
    """What the guard says holds no longer: time has passed, or the customer is treated otherwise."""

    type: Literal["care.followup.guard-cleared.v1"] = "care.followup.guard-cleared.v1"
    guard: Guard
    number: int = Field(ge=1)


GuardEvent = GuardTripped | GuardCleared
