"""The command to publish quiet hours, validated before it reaches its decider."""

from collections.abc import Iterable
from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field, model_validator

from chassis.rules.calendars.shipped import CHINA_OFFICE
from chassis.versions.decider import Publication
from contracts.alerts import AlertSeverity, QuietDays, QuietWindow, Reason
from contracts.alerts.quiet_hours import MAX_WINDOWS
from contracts.field_error import FieldError
from contracts.followup.calendar import MINUTES_A_DAY
from contracts.types import Code

KINDS_OF_DAYS: Final = (QuietDays.WORKDAYS, QuietDays.DAYS_OFF)


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
        if any(len(quiet_minutes(self.windows, before)) == MINUTES_A_DAY for before in KINDS_OF_DAYS):
            raise FieldError(
                "a workday must have some time in which alerts are delivered, also after a day off",
                "工作日须留有可以发送预警的时间，休息日之后的工作日也一样",
                "windows",
            )
        return self


def quiet_minutes(windows: Iterable[QuietWindow], before: QuietDays) -> set[int]:
    """Return the quiet minutes of a workday, if the day before is a workday or a day off."""
    quiet: set[int] = set()
    for window in windows:
        lasts_until_tomorrow = window.end < window.start
        if window.days in {QuietDays.EVERY_DAY, QuietDays.WORKDAYS}:
            quiet.update(range(window.start, MINUTES_A_DAY if lasts_until_tomorrow else window.end))
        if window.days in {QuietDays.EVERY_DAY, before} and lasts_until_tomorrow:
            quiet.update(range(window.end))
    return quiet
