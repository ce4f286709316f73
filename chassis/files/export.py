"""Writes CSV for Excel. No cell can run as a formula."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Sequence

# Spreadsheet programs run a cell that starts like this as a formula, some of them after leading spaces.
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠\t\r\n\0]")


def write_csv(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Write a CSV file."""
    # Without the byte order mark, Excel in Chinese decodes the file as GBK.
    return codecs.BOM_UTF8 + write_rows([headers, *rows])


def write_rows(rows: Iterable[Sequence[str]]) -> bytes:
    """Write a part of a CSV file that `write_csv` began."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(map(_without_formula, row) for row in rows)
    return text.getvalue().encode()


def _without_formula(cell: str) -> str:
    return f"'{cell}" if FORMULA.match(cell) else cell
