"""Makes files of tables: CSV texts and workbooks."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]


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
