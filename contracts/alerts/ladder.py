"""Versions of the ladders of alerts (ADR 0040). They concern no customer: the subject is the ladder."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.alerts.rule import Reason
from contracts.alerts.state import AlertSeverity
from contracts.types import Code
from contracts.version import Published

MAX_RUNGS = 10
# The latest rung, in minutes of work time.
MAX_RUNG_MINUTES = 100_000


class Whom(StrEnum):
    """Who is reminded: the employee who has to act, the leader of the customer's owner, or operations."""

    OWNER = "owner"
    LEADER = "leader"
    OPERATIONS = "operations"


class Rung(BaseModel):
    """Who is reminded after how many minutes of work time since the alert was raised, without snoozes."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    after_minutes: int = Field(strict=True, ge=0, le=MAX_RUNG_MINUTES)
    whom: Whom


class LadderPublished(Published):
    """A version of the ladder of a severity was published. It concerns the alerts that are raised after it.

    An alert keeps the version it was raised under. Work time is computed by `calendar`.
    """

    type: Literal["care.alert.ladder-published.v1"] = "care.alert.ladder-published.v1"
    severity: AlertSeverity
    calendar: Code
    rungs: Annotated[tuple[Rung, ...], Field(min_length=1, max_length=MAX_RUNGS)]
    reason: Reason


LadderEvent = LadderPublished
