"""The formats of phone numbers, e-mail addresses and important dates of persons."""

import re
from datetime import date
from enum import StrEnum
from typing import Annotated

import phonenumbers
from pydantic import AfterValidator, Field, model_validator

from chassis.commands.command import RequestModel
from contracts.field_error import FieldError
from contracts.types import EARLIEST_YEAR, LATEST_YEAR, Clean, Code, Printable

MAX_PHONE = 40
MAX_EMAIL = 254
HOME_COUNTRY = "CN"
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]+")
LEAP_YEAR = 2000
LONGEST_LUNAR_MONTH = 30


def normalised_phone(text: str) -> str:
    """Return the number in E.164, with `;ext=` if it has an extension. Without a country code it is Chinese."""
    try:
        number = phonenumbers.parse(text, HOME_COUNTRY)
    except phonenumbers.NumberParseException as error:
        raise FieldError(
            "a phone number has digits only, such as 13800138000 or +44 20 7946 0958",
            "电话应为数字，例如 13800138000 或 +44 20 7946 0958",
        ) from error
    if not phonenumbers.is_valid_number(number):
        raise FieldError(
            "there is no such phone number: check its length and its first digits",
            "没有这样的电话号码：请检查位数和号段",
        )
    plain = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{plain};ext={number.extension}" if number.extension else plain


def checked_email(text: str) -> str:
    if not EMAIL.fullmatch(text):
        raise FieldError("an e-mail address looks like li@example.com", "邮箱格式应为 li@example.com")
    return text


Phone = Annotated[str, Field(min_length=1, max_length=MAX_PHONE), Clean, Printable, AfterValidator(normalised_phone)]
Email = Annotated[str, Field(min_length=1, max_length=MAX_EMAIL), Clean, Printable, AfterValidator(checked_email)]


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
