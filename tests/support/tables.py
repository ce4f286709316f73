"""Makes files of tables: CSV texts and workbooks."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

from chassis.files.spreadsheet import open_table
from chassis.files.table import Column, Row


def workbook(*sheets: tuple[str, Callable[[Any, Any], None]], date_1904: bool = False) -> bytes:
    """Return a workbook. Each sheet has a name, and a function that fills it, given the sheet and the book."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"default_date_format": "yyyy-mm-dd", "date_1904": date_1904})
    for name, fill in sheets:
        fill(book.add_worksheet(name), book)
    book.close()
    return content.getvalue()


def rows(*lines: Sequence[object]) -> Callable[[Any, Any], None]:
    """Return a function that fills a sheet with these rows."""

    def fill(sheet: Any, _book: Any) -> None:
        for number, line in enumerate(lines):
            sheet.write_row(number, 0, line)

    return fill


@dataclass(frozen=True, slots=True)
class Table:
    rows: list[Row]
    notes: Sequence[Mapping[str, object]]
    sheet: str | None


def read_table(content: bytes, content_type: str, columns: Sequence[Column], sheet_name: str | None = None) -> Table:
    """Read all rows. Raises UnreadableTableError."""
    opened = open_table(content, content_type, columns, sheet_name)
    rows = list(opened.rows())
    return Table(rows, opened.notes(), opened.sheet)
