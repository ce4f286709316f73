"""Versions of the quiet hours (ADR 0041). They concern no customer: the subject is the definition."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.alerts.rule import Reason
from contracts.alerts.state import AlertSeverity
from contracts.followup.calendar import MINUTES_A_DAY
from contracts.types import Code
from contracts.version import Published

MAX_WINDOWS = 10


class QuietDays(StrEnum):
    """The days on which a window begins. The calendar says which are workdays: make-up workdays are, holidays not."""

    EVERY_DAY = "every-day"
    WORKDAYS = "workdays"
    DAYS_OFF = "days-off"


class QuietWindow(BaseModel):
    """A time of the day without deliveries, in minutes after midnight in the business zone.

    `start` is included, `end` is not. If `end` is before `start`, the window lasts until `end` on the next day.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    start: int = Field(strict=True, ge=0, lt=MINUTES_A_DAY)
    end: int = Field(strict=True, gt=0, le=MINUTES_A_DAY)
    days: QuietDays = QuietDays.EVERY_DAY


class QuietHoursPublished(Published):
    """A version of the quiet hours was published. It concerns notices from then on. Without windows, there are none.

    Alerts of the severities `ignored_by` are delivered at once.
    """

    type: Literal["care.alert.quiet-hours-published.v1"] = "care.alert.quiet-hours-published.v1"
    calendar: Code
    windows: Annotated[tuple[QuietWindow, ...], Field(max_length=MAX_WINDOWS)] = ()
    ignored_by: Annotated[tuple[AlertSeverity, ...], Field(max_length=len(AlertSeverity))] = ()
    reason: Reason
