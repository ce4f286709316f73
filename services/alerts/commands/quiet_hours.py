"""The command to publish quiet hours, validated before it reaches its decider."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from chassis.rules.calendars.shipped import CHINA_OFFICE
from chassis.versions.decider import Publication
from contracts.alerts import AlertSeverity, QuietDays, QuietWindow, Reason
from contracts.alerts.quiet_hours import MAX_WINDOWS
from contracts.field_error import FieldError
from contracts.followup.calendar import MINUTES_A_DAY
from contracts.types import Code


class WindowInput(QuietWindow):
    """A window. It must not end when it starts: a whole day lasts from 0 to 1440."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if self.start == self.end:
            raise FieldError(
                "start and end must differ; a whole day lasts from 0 to 1440",
                "开始与结束不能相同；全天请填 0 至 1440",
                "end",
            )
        return self


class PublishQuietHours(Publication):
    """New quiet hours. Without `windows`, there are none. `reason` must not hold personal data."""

    calendar: Annotated[Code, Field(json_schema_extra={"format": "calendar-name"})] = CHINA_OFFICE
    windows: Annotated[tuple[WindowInput, ...], Field(max_length=MAX_WINDOWS)]
    ignored_by: Annotated[tuple[AlertSeverity, ...], Field(max_length=len(AlertSeverity))] = ()
    reason: Reason

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.ignored_by)) < len(self.ignored_by):
            raise FieldError("each severity may occur only once", "每种严重程度只能出现一次", "ignored_by")
        quiet = {minute for each in self.windows if each.days is not QuietDays.DAYS_OFF for minute in minutes_of(each)}
        if len(quiet) == MINUTES_A_DAY:
            raise FieldError(
                "a workday must have some time in which alerts are delivered",
                "工作日须留有可以发送预警的时间",
                "windows",
            )
        return self


def minutes_of(window: QuietWindow) -> set[int]:
    """Return the minutes of the day in a window, as if each day had it."""
    end = window.end if window.start < window.end else window.end + MINUTES_A_DAY
    return {minute % MINUTES_A_DAY for minute in range(window.start, end)}
