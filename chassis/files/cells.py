"""Decides what a cell means: one place for CSV and XLSX. A text that this module returned reads as itself."""

import re
from datetime import datetime

from chassis.files.days import SERIAL_START, is_open, read_moment
from chassis.files.table import CellError, Meaning
from contracts.field_error import FieldError
from contracts.money import UNITS, written_amount
from contracts.types import clean_text, has_hidden

# What Excel shows for a value that it could not compute, and `#####` for one that its column is too narrow for.
ERROR = re.compile(r"#(N/A|NAME\?|REF!|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!|FIELD!|GETTING_DATA|FORMULA!|#{2,})")
# What Excel shows for a number with more digits than it keeps or shows.
SHORTENED = re.compile(r"[0-9](\.[0-9]+)?E\+[0-9]{2,}", re.IGNORECASE)
# How Excel is told to take digits as text: ="00123" and '00123. Our own files mark formulas with an apostrophe, too.
EXCEL_TEXT = re.compile(r"""="([^"]*)"|'([0-9][0-9.,:/ -]*|\s*[=+\-@＝＋－＠].*)""", re.DOTALL)

MARKS = ("=", "'")

Reading = tuple[str, str | None]


def read_cell(text: str, meaning: Meaning, serial_start: datetime = SERIAL_START) -> Reading:
    """Return the text in its canonical spelling, and the code of a note if that left something out or replaced it.

    `serial_start` is what unformatted days count from.
    Raises CellError for a cell with an error, and for one that has not this meaning.
    """
    cleaned = clean_text(text)
    # Most cells are plain. This is done for each cell of a file.
    if cleaned[:1] in MARKS and (match := EXCEL_TEXT.fullmatch(cleaned)):
        return read_cell(match.group(1) or match.group(2) or "", meaning, serial_start)[0], "text-mark"
    refuse_error(cleaned)
    note = "hidden-characters" if cleaned != text and has_hidden(text) else None
    match meaning:
        case Meaning.TEXT:
            return cleaned, note
        case Meaning.AMOUNT:
            return _amount(cleaned, note)
        case Meaning.MOMENT | Meaning.DAY | Meaning.LAST_DAY:
            return _day(cleaned, meaning, note, serial_start)


def refuse_error(text: str) -> None:
    """Raise CellError for an error of Excel, and for a number of which digits were lost."""
    if text.startswith("#") and ERROR.fullmatch(text):
        raise CellError(
            "cell-error",
            "The cell holds an error or a formula without a value. Correct it, and save the file in Excel.",
            "单元格是错误值，或是没有计算结果的公式。请更正后在 Excel 中重新保存。",
        )
    if "+" in text and SHORTENED.fullmatch(text):
        raise CellError(
            "digits-lost",
            "The number has lost digits in the spreadsheet. Format the column as text, and enter the number again.",
            "数字在表格中已丢失部分位数。请将该列设为文本格式后重新填写。",
        )


def _amount(text: str, note: str | None) -> Reading:
    if not text:
        return text, note
    try:
        number, sign = written_amount(text)
    except FieldError as error:
        raise CellError("not-an-amount", error.en, error.zh) from error
    has_unit = any(unit in text for unit in UNITS if unit)
    return f"{sign}{number:f}", "amount-unit" if has_unit else note


def _day(text: str, meaning: Meaning, note: str | None, serial_start: datetime) -> Reading:
    if meaning is Meaning.LAST_DAY and is_open(text):
        return "", "open-ended"
    moment = read_moment(text, serial_start)
    if moment is None:
        return "", note
    if meaning is not Meaning.MOMENT and moment.at:
        if moment.at.tzinfo:
            raise CellError(
                "not-a-date",
                "A day has no UTC offset; use a format like 2024-06-01.",
                "日期不含时区偏移，例如 2024-06-01。",
            )
        return moment.on.isoformat(), "time-left-out"
    return str(moment), "serial-day" if moment.is_serial else note
