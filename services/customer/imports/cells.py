"""Reads the cells of imported files: choices, days and required values."""

from datetime import date, time
from typing import TypeVar

from chassis.files.imports import RowProblemError
from chassis.files.spreadsheet import parse_date
from chassis.rules.comparison import normalised

T = TypeVar("T")

# A file names days only. What happened on a day is recorded at this time of the business zone.
WORKDAY_START = time(9)
FILE_SYSTEM = "file"


def choose(choices: dict[str, T], text: str, column: str) -> T | None:
    """Return the value for the text of a cell; None for an empty cell."""
    if not text:
        return None
    found = choices.get(normalised(text))
    if found is None:
        offered = ", ".join(choices)
        raise RowProblemError(column, "unknown-word", f"Must be one of: {offered}.", f"须为以下之一：{offered}。")
    return found


def day(text: str, column: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError as error:
        raise RowProblemError(column, "not-a-date", str(error), "不是可识别的日期，例如 2024-06-01。") from error


def required(found: T | None, column: str) -> T:
    if found is None:
        raise RowProblemError(column, "missing", "A day is required.", f"缺少{column}。")
    return found
