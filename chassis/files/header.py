"""Finds the header of a table among its first rows, and the columns in it."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from chassis.files.refusal import UnreadableTableError
from chassis.files.table import Column, Record
from contracts.types import clean_text

# A header follows at most some lines of title. Rows without cells do not count.
HEADER_ROWS = 20
# A longer cell is no header. Its marks are not looked for: that takes the square of their number.
LONGEST_HEADER = 200
# What templates put around the name of a column. Other words in brackets, such as a unit, change its meaning.
WORDS_OF_MARKS = "必填|必填项|必须|选填|选填项|可选|非必填|required|mandatory|optional|文本|文本格式|y+[-/.]m+[-/.]d+"
MARK = re.compile(rf"[*★☆:]+|[(\[【](?:\*|{WORDS_OF_MARKS})[)\]】]")


# What a file of failed rows has beside the columns that were sent. They are neither read nor noted.
RESULT_COLUMNS = (
    "导入行号 import_row",
    "导入问题列 import_column",
    "导入问题 import_problem",
    "导入问题说明",
    "import_reason",
)


@dataclass(frozen=True, slots=True)
class Header:
    """The row of the header, and the index of the column of each field that it has.

    `results` are the indexes of the columns that an earlier import added.
    """

    number: int
    names: list[str]
    indexes: dict[str, int]
    results: frozenset[int]

    @property
    def unused(self) -> list[str]:
        used = {*self.indexes.values(), *self.results}
        return [name for index, name in enumerate(self.names) if name and index not in used]

    def without_results(self, cells: Sequence[str]) -> list[str]:
        """Return the cells of a row without those that an earlier import added."""
        return [cell for index, cell in enumerate(cells) if index not in self.results]

    def with_empty_results(self, cells: list[str]) -> list[str]:
        """Return the cells of a row, with empty ones in place of those that an earlier import added."""
        if not self.results:
            return cells
        return ["" if index in self.results else cell for index, cell in enumerate(cells)]


def comparable(header: str) -> str:
    """Return the name of a column without marks, so that spellings of one name compare equal."""
    if len(header) > LONGEST_HEADER:
        return header
    plain = "".join(unicodedata.normalize("NFKC", clean_text(header)).casefold().split())
    while match := MARK.match(plain):
        plain = plain[match.end() :]
    while found := next((each for each in MARK.finditer(plain) if each.end() == len(plain)), None):
        plain = plain[: found.start()]
    return plain


def count_known(cells: Sequence[str], columns: Sequence[Column]) -> int:
    """Return how many of the cells are headers of these columns."""
    known = {comparable(name) for column in columns for name in column.headers}
    return len(known.intersection(map(comparable, cells)))


def find_header(first: Sequence[Record], columns: Sequence[Column]) -> Header | None:
    """Return the first row with all required columns, or None. Raises UnreadableTableError for a duplicate column."""
    for number, cells in first[:HEADER_ROWS]:
        found = _indexes(cells, columns)
        if all(found[column.field] for column in columns if column.required):
            _refuse_duplicates(number, cells, found)
            indexes = {field: places[0] for field, places in found.items() if places}
            return Header(number, cells, indexes, _results(cells) - set(indexes.values()))
    return None


def missing_column(
    sheets: Sequence[tuple[str | None, Sequence[Record]]], columns: Sequence[Column]
) -> UnreadableTableError:
    """Return the error that names the first required column of the row that looks most like a header."""
    searched = [record for _, first in sheets for record in first[:HEADER_ROWS]]
    rows = [(count_known(cells, columns), -number, cells) for number, cells in searched]
    _, place, cells = max(rows)
    found = _indexes(cells, columns)
    missing = next(column for column in columns if column.required and not found[column.field])
    places = [(name, first[0][0], first[:HEADER_ROWS][-1][0]) for name, first in sheets if first]
    return UnreadableTableError(
        "missing-column",
        row=-place,
        column=missing.headers[0],
        expected=", ".join(missing.headers),
        places="; ".join(f"{_sheet(name, 'sheet {}, ')}rows {start} to {end}" for name, start, end in places),
        places_zh="；".join(f"{_sheet(name, '工作表“{}”')}第 {start} 至 {end} 行" for name, start, end in places),
    )


def _sheet(name: str | None, text: str) -> str:
    return text.format(name) if name else ""


def _indexes(cells: Sequence[str], columns: Sequence[Column]) -> dict[str, list[int]]:
    names = [comparable(cell) for cell in cells]
    known = {column.field: {comparable(name) for name in column.headers} for column in columns}
    return {field: [index for index, name in enumerate(names) if name in known[field]] for field in known}


def _results(cells: Sequence[str]) -> frozenset[int]:
    added = set(map(comparable, RESULT_COLUMNS))
    return frozenset(index for index, cell in enumerate(cells) if comparable(cell) in added)


def _refuse_duplicates(number: int, cells: Sequence[str], found: dict[str, list[int]]) -> None:
    for places in found.values():
        if len(places) > 1:
            columns = " and ".join(cells[index] for index in places)
            raise UnreadableTableError("duplicate-column", row=number, column=cells[places[1]], columns=columns)
