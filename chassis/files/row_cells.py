"""Turns the cells of a row into what commands take: choices, moments, days, required values."""

from collections.abc import Iterable
from datetime import date, time
from typing import TypeVar

from chassis.files.days import Moment, read_moment
from chassis.files.importer import RowProblemError
from chassis.files.table import FILE_SYSTEM, SOURCE_SYSTEM, CellError
from chassis.rules.comparison import normalised

T = TypeVar("T")

# What happened on a day is recorded at this time of the business zone, unless the cell has a time of day.
WORKDAY_START = time(9)


def choose(choices: dict[str, T], text: str, column: str) -> T | None:
    """Return the value for the text of a cell; None for an empty cell."""
    if not text:
        return None
    found = choices.get(normalised(text))
    if found is None:
        en, zh = ", ".join(words(choices, chinese=False)), "、".join(words(choices, chinese=True))
        raise RowProblemError(column, "unknown-word", f"Must be one of: {en}.", f"须为以下之一：{zh}。")
    return found


def words(choices: Iterable[str], *, chinese: bool) -> list[str]:
    """Return the words of this language, or all if it has none."""
    return [word for word in choices if word.isascii() != chinese] or list(choices)


def moment(text: str, column: str) -> Moment | None:
    """Return the moment of a cell; None for an empty cell."""
    try:
        return read_moment(text)
    except CellError as error:
        raise RowProblemError(column, error.code, error.en, error.zh) from error


def day(text: str, column: str) -> date | None:
    found = moment(text, column)
    return found.on if found else None


def required(found: T | None, column: str) -> T:
    if found is None:
        raise RowProblemError(column, "missing", "A day is required.", f"缺少{column}。")
    return found


def system_of(cells: dict[str, str]) -> str:
    """Return the system whose numbers the row states; without one, they are those of files."""
    return normalised(cells.get(SOURCE_SYSTEM.field, "")) or FILE_SYSTEM
