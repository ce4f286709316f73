"""Reads days and times of day in the spellings of spreadsheets."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any

from chassis.files.table import CellError
from contracts.types import EARLIEST_YEAR, LATEST_YEAR

DAY = re.compile(
    r"(?P<year>\d{4})(?:-(?P<m1>\d{1,2})-(?P<d1>\d{1,2})|/(?P<m2>\d{1,2})/(?P<d2>\d{1,2})|\.(?P<m3>\d{1,2})\.(?P<d3>\d{1,2})"
    r"|年(?P<m4>\d{1,2})月(?P<d4>\d{1,2})日|(?P<m5>\d{2})(?P<d5>\d{2}))(?P<rest>(?:\D|(?<=日)).*)?",
    re.ASCII,
)
# Spaces are matched possessively (`*+`). Otherwise the time of a refusal grows with the cube of their number.
TIME = re.compile(
    r"\s*+T?\s*+(?P<before>上午|下午|[ap]m)?\s*+(?P<hour>\d{1,2})(?::|时|点)(?P<minute>\d{2})分?"
    r"(?::?(?P<second>\d{2})(?P<fraction>\.\d{1,9})?秒?)?\s*+(?P<after>[ap]m)?\s*+(?P<offset>Z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE | re.ASCII,
)
# A day whose cell has lost its format: how many days since the start. Five digits have no other meaning.
SERIAL = re.compile(r"[2-7]\d{4}(?:\.\d+)?", re.ASCII)
SERIAL_START = datetime(1899, 12, 30)  # noqa: DTZ001 - sheets know no zones.
# A workbook can say that it counts from here.
LATE_SERIAL_START = datetime(1904, 1, 1)  # noqa: DTZ001
OPEN = frozenset({"长期", "长期有效", "永久", "永久有效", "无固定期限", "无期限", "open", "open-ended"})
# Systems that require a last day write this one.
NEVER = date(9999, 12, 31)
AFTERNOON = frozenset({"下午", "pm"})
NOON = 12
# The days of a file repeat.
CACHED_MOMENTS = 10_000


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, with a time of day if the cell has one. Midnight is how spreadsheets write a day without a time."""

    on: date
    at: time | None = None
    is_serial: bool = False

    def __str__(self) -> str:
        return f"{self.on}T{self.at.isoformat()}" if self.at else str(self.on)

    def instant(self, zone: tzinfo, default: time) -> datetime:
        """Return the instant; `default` is the time of a day without one, `zone` that of a time without an offset."""
        at = datetime.combine(self.on, self.at or default)
        return at if at.tzinfo else at.replace(tzinfo=zone)


@lru_cache(CACHED_MOMENTS)
def read_moment(text: str, serial_start: datetime = SERIAL_START) -> Moment | None:
    """Return the moment of a cell, None for an empty one. Raises CellError."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        return None
    if SERIAL.fullmatch(plain):
        at = serial_start + timedelta(seconds=round(float(plain) * 86_400))
        return _moment(at.date(), at.time(), is_serial=True)
    match = DAY.fullmatch(plain)
    if match is None:
        raise CellError(
            "not-a-date",
            "Not a date; use a format like 2024-06-01, 2024/6/1 or 2024年6月1日.",
            "不是可识别的日期，例如 2024-06-01。",
        )
    return _moment(_day(match), _time(match["rest"]) if match["rest"] else None)


def is_open(text: str) -> bool:
    """Whether the cell of a last day says that there is none."""
    plain = unicodedata.normalize("NFKC", text).strip().casefold()
    match = DAY.fullmatch(plain)
    return plain in OPEN or (match is not None and _day(match) == NEVER)


def _moment(day: date, at: time | None, *, is_serial: bool = False) -> Moment:
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise CellError(
            "not-a-date",
            f"The year must lie between {EARLIEST_YEAR} and {LATEST_YEAR}.",
            f"年份应在 {EARLIEST_YEAR} 到 {LATEST_YEAR} 之间。",
        )
    return Moment(day, at if at != time() else None, is_serial)


def _day(match: re.Match[str]) -> date:
    groups: dict[str, Any] = match.groupdict()
    month, day = (next(groups[f"{part}{form}"] for form in range(1, 6) if groups[f"{part}{form}"]) for part in "md")
    try:
        return date(int(match["year"]), int(month), int(day))
    except ValueError:
        raise CellError("not-a-date", "No such day in the calendar.", "日历中没有这一天。") from None


def _time(text: str) -> time:
    match = TIME.fullmatch(text)
    try:
        return _matched_time(match) if match else time.fromisoformat("")
    except ValueError:
        raise CellError(
            "not-a-date",
            "Not a time of day; use a format like 2024-06-01 14:30.",
            "不是可识别的时刻，例如 2024-06-01 14:30。",
        ) from None


def _matched_time(match: re.Match[str]) -> time:
    hour, half = int(match["hour"]), (match["before"] or match["after"] or "").casefold()
    if half and hour > NOON and half not in AFTERNOON:
        raise ValueError(match.group())
    if half:
        hour = hour % NOON + (NOON if half in AFTERNOON else 0)
    offset = (match["offset"] or "").upper().replace("Z", "+00:00")
    second = f"{match['second'] or '00'}{match['fraction'] or ''}"
    return time.fromisoformat(f"{hour:02}:{match['minute']}:{second}{offset}")
