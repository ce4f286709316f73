"""Reads tables from CSV and XLSX files: the sheet, its header, and its rows with canonical cells."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice

from chassis.files.days import SERIAL_START
from chassis.files.delimited import csv_records
from chassis.files.encoding import decode
from chassis.files.formats import is_workbook
from chassis.files.header import HEADER_ROWS, Header, count_known, find_header, missing_column
from chassis.files.leftovers import is_full, leftover
from chassis.files.notes import Notes
from chassis.files.refusal import UnreadableTableError
from chassis.files.row_reader import FilledRecord, RowReader
from chassis.files.table import (
    MAX_BYTES,
    MAX_CELL_CHARACTERS,
    MAX_COLUMNS,
    MAX_ROW_CHARACTERS,
    MAX_ROWS,
    Column,
    Record,
    Row,
)
from chassis.files.workbook import Outline, outline, sheet_rows

# The sheets that the refusal of an unknown one names.
NAMED_SHEETS = 20

# Starts to read the rows of a sheet, from the first one, as often as it is called.
Start = Callable[[], Iterator[FilledRecord]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook, or a text without a name. `records` opens its rows, given that of its header."""

    name: str | None
    first: list[Record]
    records: Callable[[int], Start]
    serial_start: datetime = SERIAL_START


@dataclass(frozen=True, slots=True)
class OpenedTable:
    """A table within the limits. Its rows are read one by one, so that a large table needs little memory."""

    header: Header
    sheet: str | None
    count: int
    start: Start
    reader: RowReader
    mostly_full: bool

    def rows(self) -> Iterator[Row]:
        """Yield the rows. Each has all fields of the columns, '' if empty."""
        for record in _data(self.start, self.header):
            yield self.reader.read(record, leftover(record[1], mostly_full=self.mostly_full))

    def notes(self) -> list[dict[str, object]]:
        """Return the notes on what has been read."""
        return self.reader.notes.documents()


def open_table(
    content: bytes, content_type: str, columns: Sequence[Column], sheet_name: str | None = None
) -> OpenedTable:
    """Find the table in the sheet with this name, or else in the first visible one with all required columns.

    All its rows are checked against the limits. Raises UnreadableTableError.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableTableError("file-too-large")
    notes = Notes()
    if is_workbook(content, content_type):
        sheets = _sheets(content, sheet_name, notes)
    elif sheet_name:
        raise UnreadableTableError("sheet-of-text")
    else:
        sheets = [_text_sheet(decode(content), columns)]
    sheet, header = _chosen(sheets, columns)
    for other in sheets:
        if other is not sheet:
            notes.add("unused-sheet", other.name or "")
    for number in (number for number, _ in sheet.first if number < header.number):
        notes.add("rows-above-header", "", number)
    for name in header.unused:
        notes.add("unused-column", name)
    start = sheet.records(header.number)
    count, full = _checked(start, header)
    if not count:
        notes.add("no-rows", sheet.name or "")
    reader = RowReader(header, columns, sheet.serial_start, notes)
    return OpenedTable(header, sheet.name, count, start, reader, full * 2 > count)


def _sheets(content: bytes, chosen: str | None, notes: Notes) -> list[Sheet]:
    """Return the visible sheets with cells or only the chosen one, and note the others."""
    found: list[Sheet] = []
    hidden: list[str] = []
    book = outline(content, chosen)
    if chosen:
        _require_sheet(chosen, book)
    for index, (name, is_visible, first) in enumerate(book.sheets):
        if first and chosen not in {None, name}:
            notes.add("unused-sheet", name)
        elif first:
            found.append(Sheet(name, first, partial(sheet_rows, content, index), book.serial_start))
        elif not is_visible:
            hidden.append(name)
            notes.add("unused-sheet", name)
    if hidden and not found:
        raise UnreadableTableError("no-visible-sheet")
    return found


def _require_sheet(chosen: str, book: Outline) -> None:
    rows = {name: first for name, _, first in book.sheets}
    if chosen not in rows:
        names = [*rows][:NAMED_SHEETS] + ["…"] * (len(rows) > NAMED_SHEETS)
        raise UnreadableTableError("unknown-sheet", sheets=", ".join(names))
    if not rows[chosen]:
        raise UnreadableTableError("empty-sheet")


def _text_sheet(text: str, columns: Sequence[Column]) -> Sheet:
    def records() -> Iterator[Record]:
        return (record for record in csv_records(text, lambda cells: count_known(cells, columns)) if _has_cells(record))

    return Sheet(None, list(islice(records(), HEADER_ROWS)), lambda _: lambda: ((*record, []) for record in records()))


def _has_cells(record: Record) -> bool:
    return any(cell.strip() for cell in record[1])


def _chosen(sheets: Sequence[Sheet], columns: Sequence[Column]) -> tuple[Sheet, Header]:
    """Return the first sheet that has a header with all required columns."""
    for sheet in sheets:
        if header := find_header(sheet.first, columns):
            for number, cells in sheet.first:
                if number <= header.number:
                    _check(number, cells, [""] * len(cells))
            return sheet, header
    if not any(sheet.first for sheet in sheets):
        raise UnreadableTableError("empty-file")
    raise missing_column([(sheet.name, sheet.first) for sheet in sheets], columns)


def _data(start: Start, header: Header) -> Iterator[FilledRecord]:
    """Yield the rows below the header that have cells, without what an earlier import added."""
    for number, every, filled in start():
        cells = header.with_empty_results(every)
        if number > header.number and any(cell.strip() for cell in cells):
            yield number, cells, filled


def _checked(start: Start, header: Header) -> tuple[int, int]:
    """Check the rows against the limits. Return how many there are, and how many of them are full."""
    count = full = 0
    for number, cells, _ in _data(start, header):
        count += 1
        if count > MAX_ROWS:
            raise UnreadableTableError("too-many-rows", row=number)
        _check(number, cells, header.names)
        full += is_full(cells)
    return count, full


def _check(number: int, cells: Sequence[str], header: Sequence[str]) -> None:
    if len(cells) > MAX_COLUMNS:
        raise UnreadableTableError("too-many-columns", row=number)
    if any(cell.strip() for cell in cells[len(header) :]):
        # An unquoted delimiter has also moved the other cells under wrong headers.
        raise UnreadableTableError("row-too-wide", row=number)
    for name, cell in zip(header, cells, strict=False):
        if len(cell) > MAX_CELL_CHARACTERS:
            raise UnreadableTableError("cell-too-long", row=number, column=name[:MAX_CELL_CHARACTERS])
    if sum(map(len, cells)) > MAX_ROW_CHARACTERS:
        raise UnreadableTableError("row-too-long", row=number)
