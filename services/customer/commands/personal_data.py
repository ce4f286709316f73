"""The formats of phone numbers, e-mail addresses and important dates of persons."""

import re
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from chassis.commands.command import RequestModel
from chassis.rules.phones import stored_phone
from contracts.field_error import FieldError
from contracts.types import EARLIEST_YEAR, LATEST_YEAR, Clean, Code

MAX_PHONE = 40
MAX_EMAIL = 254
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]+")
LEAP_YEAR = 2000
LONGEST_LUNAR_MONTH = 30


def checked_email(text: str) -> str:
    if not EMAIL.fullmatch(text):
        raise FieldError("an e-mail address looks like li@example.com", "邮箱格式应为 li@example.com")
    return text


Phone = Annotated[str, Field(min_length=1, max_length=MAX_PHONE), Clean, AfterValidator(stored_phone)]
Email = Annotated[str, Field(min_length=1, max_length=MAX_EMAIL), Clean, AfterValidator(checked_email)]


class Calendar(StrEnum):
    SOLAR = "solar"
    LUNAR = "lunar"


class ImportantDate(RequestModel):
    """A yearly date. `kind` is birthday, anniversary, or a code of the company's own."""

    kind: Code
    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)
    year: int | None = Field(default=None, ge=EARLIEST_YEAR, le=LATEST_YEAR)
    calendar: Calendar = Calendar.SOLAR

    @model_validator(mode="after")
    def day_exists(self) -> "ImportantDate":
        """Reject days that do not exist. 29 February is valid without a year; a lunar month has at most 30 days."""
        if self.calendar is Calendar.LUNAR:
            exists = self.day <= LONGEST_LUNAR_MONTH
        else:
            exists = is_day(self.year or LEAP_YEAR, self.month, self.day)
        if not exists:
            raise FieldError("there is no such day in that month", "该月没有这一天", "day")
        return self


def is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
