"""Field types that events and commands share, with the checks of texts, times, days and codes."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from contracts.field_error import FieldError

MAX_WORD = 64
MAX_NAME = 200
MAX_NOTE = 4_000
EARLIEST_YEAR = 1900
LATEST_YEAR = 2200
CODE_PATTERN = r"^[a-z0-9][a-z0-9.-]*$"
EMPLOYEE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:@-]*$"
# Unicode noncharacters: U+FDD0 to U+FDEF, and the last two of each plane. Unassigned characters are allowed.
LAST_TWO = "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
NONCHARACTERS = f"\ufdd0-\ufdef{LAST_TWO}"
CONTROLS_BUT_TAB_AND_NEWLINE = "\x00-\x08\x0b-\x1f\x7f-\x9f"
SURROGATES = "\ud800-\udfff"
FORBIDDEN = re.compile(f"[{CONTROLS_BUT_TAB_AND_NEWLINE}{SURROGATES}{NONCHARACTERS}]")
# Characters that show nothing: soft hyphens, zero-width spaces, byte order marks, marks of direction.
INVISIBLE = "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
SPACES = " \t\n\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
# Joiners shape emoji and some scripts. Next to these characters, or at an end of the text, they show nothing either.
UNJOINED = f"\x00-\x7f\u3001-\u9fff\uf900-\ufaff\uff00-\uffef{SPACES}"
IDLE_JOINER = re.compile(f"(?:(?<=[{UNJOINED}])|\\A)[\u200c\u200d]+|[\u200c\u200d]+(?=[{UNJOINED}]|\\Z)")
HIDDEN = re.compile(f"[{INVISIBLE}]")
LINE_END = re.compile("\r\n?|[\u2028\u2029]")
UNCLEAN = re.compile(f"\\A[{SPACES}]|[{SPACES}]\\Z|[\r\u2028\u2029\u200c\u200d{INVISIBLE}]")


def utc_text(at: datetime) -> str:
    """Return a UTC instant in the format of stored and published events."""
    return at.isoformat().replace("+00:00", "Z")


def clean_text(text: str) -> str:
    """Return the text with LF as its line end, without characters that show nothing, without spaces around it."""
    if not UNCLEAN.search(text):
        return text
    return IDLE_JOINER.sub("", HIDDEN.sub("", LINE_END.sub("\n", text))).strip(SPACES)


def has_hidden(text: str) -> bool:
    """Whether `clean_text` removes characters that show nothing."""
    return bool(HIDDEN.search(text) or IDLE_JOINER.search(text))


def clean(value: Any) -> Any:
    """Clean a text. Raises FieldError if nothing of it is left, or for a character that is not allowed."""
    if not isinstance(value, str):
        return value
    text = clean_text(value)
    if value and not text:
        raise FieldError("text must not be blank", "内容不能为空白")
    return refuse_unprintable(text)


def refuse_unprintable(text: str) -> str:
    """Reject control characters, surrogates and noncharacters: PostgreSQL and JSON parsers treat them differently."""
    if found := FORBIDDEN.search(text):
        raise FieldError(
            f"character U+{ord(found.group()):04X} is not allowed in text",
            f"文本中不得含有字符 U+{ord(found.group()):04X}",
        )
    return text


def require_time_text(value: Any) -> Any:
    """Accept only RFC 3339 text: pydantic would read a number as Unix time, and a date as midnight."""
    if isinstance(value, str) and not (len(value) > len("2024-06-01") and value[10] in "Tt "):
        raise FieldError(
            "a time needs date, time and offset, such as 2024-06-01T09:00:00+08:00",
            "时间须含日期、时刻和时区，例如 2024-06-01T09:00:00+08:00",
        )
    if not isinstance(value, str | datetime):
        raise FieldError(
            "a time is text such as 2024-06-01T09:00:00+08:00", "时间应为文本，例如 2024-06-01T09:00:00+08:00"
        )
    return value


def require_day_text(value: Any) -> Any:
    """Accept only a date as text: pydantic would read a number as Unix time, and cut the time off an instant."""
    is_day_text = isinstance(value, str) and len(value) == len("2024-06-01")
    if not (is_day_text or type(value) is date):
        raise FieldError("a day is text such as 2024-06-01", "日期应为文本，例如 2024-06-01")
    return value


def refuse_far_days(day: date) -> date:
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise FieldError(
            f"the year must lie between {EARLIEST_YEAR} and {LATEST_YEAR}",
            f"年份应在 {EARLIEST_YEAR} 到 {LATEST_YEAR} 之间",
        )
    return day


def refuse_far_years(instant: datetime) -> datetime:
    if not EARLIEST_YEAR <= instant.year <= LATEST_YEAR:
        raise FieldError(
            f"the year must lie between {EARLIEST_YEAR} and {LATEST_YEAR}",
            f"年份应在 {EARLIEST_YEAR} 到 {LATEST_YEAR} 之间",
        )
    return instant


def to_utc(instant: datetime) -> datetime:
    """Convert to UTC, so that equal instants have equal text: the identity of an alert contains it."""
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise FieldError(
            f"the year must lie between {EARLIEST_YEAR} and {LATEST_YEAR}",
            f"年份应在 {EARLIEST_YEAR} 到 {LATEST_YEAR} 之间",
        ) from None


# A text that is stored: alike from REST, from topics and from files.
Clean = BeforeValidator(clean)
Printable = AfterValidator(refuse_unprintable)
Word = Annotated[str, Field(min_length=1, max_length=MAX_WORD), Clean]
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME), Clean]
Note = Annotated[str, Field(min_length=1, max_length=MAX_NOTE), Clean]
Code = Annotated[str, Field(min_length=1, max_length=MAX_WORD, pattern=CODE_PATTERN)]
Instant = Annotated[
    AwareDatetime, BeforeValidator(require_time_text), AfterValidator(to_utc), AfterValidator(refuse_far_years)
]
Day = Annotated[date, BeforeValidator(require_day_text), AfterValidator(refuse_far_days)]
EmployeeId = Annotated[str, Field(min_length=1, max_length=MAX_WORD, pattern=EMPLOYEE_PATTERN)]
