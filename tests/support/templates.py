"""Fills in a template as a person does: copies its examples into the sheet with the header."""

import io
from datetime import datetime
from typing import Any

import openpyxl  # type: ignore[import-untyped]

EXAMPLES_FROM_COLUMN = 5
TEXT = "@"


def opened(content: bytes) -> tuple[Any, Any]:
    """Return the sheet to fill in, and the sheet that explains it."""
    data, guide = openpyxl.load_workbook(io.BytesIO(content)).worksheets
    return data, guide


def formats(data: Any) -> list[str]:
    """Return the format of each column of the sheet to fill in."""
    areas = list(data.column_dimensions.values())
    return [next(area.number_format for area in areas if area.min <= cell.column <= area.max) for cell in data[1]]


def examples(guide: Any) -> list[list[str]]:
    """Return the example rows, whose cells stand below one another."""
    columns = list(guide.iter_cols(min_col=EXAMPLES_FROM_COLUMN, min_row=2, values_only=True))
    return [[cell or "" for cell in cells] for cells in columns]


def filled(content: bytes) -> bytes:
    """Return the workbook with its examples as rows, each cell stored as Excel stores what is typed into its column."""
    data, guide = opened(content)
    for number, cells in enumerate(examples(guide), start=2):
        for index, (cell, form) in enumerate(zip(cells, formats(data), strict=True), start=1):
            if cell:
                data.cell(number, index, typed(cell, form)).number_format = form
    saved = io.BytesIO()
    data.parent.save(saved)
    return saved.getvalue()


def typed(text: str, form: str) -> Any:
    if form == TEXT or not text[0].isdigit():
        return text
    return datetime.fromisoformat(text) if "yyyy" in form else float(text)
