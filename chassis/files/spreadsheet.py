"""Reads tables from CSV and XLSX files: the sheet, its header, and its rows with canonical cells."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice

from chassis.files.cells import read_cell
from chassis.files.days import SERIAL_START
from chassis.files.delimited import csv_records
from chassis.files.encoding import decode
from chassis.files.formats import is_workbook
from chassis.files.header import HEADER_ROWS, Header, count_known, find_header, missing_column
from chassis.files.leftovers import leftovers
from chassis.files.notes import Notes
from chassis.files.refusal import UnreadableTableError
from chassis.files.table import (
    MAX_BYTES,
    MAX_CELL_CHARACTERS,
    MAX_COLUMNS,
    MAX_ROWS,
    CellError,
    Column,
    Record,
    Row,
    Table,
    fault,
)
from chassis.files.workbook import Outline, outline, sheet_rows

# The sheets that the refusal of an unknown one names.
NAMED_SHEETS = 20

# Number and cells of a row, and the columns that merged cells above it fill.
FilledRecord = tuple[int, list[str], list[int]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook, or a text without a name. `records` returns all its rows, given that of its header."""

    name: str | None
    first: list[Record]
    records: Callable[[int], Iterable[FilledRecord]]
    serial_start: datetime = SERIAL_START


def read_table(content: bytes, content_type: str, columns: Sequence[Column], sheet_name: str | None = None) -> Table:
    """Read the rows of the sheet with this name, or else of the first visible one with all required columns.

    Each row has all fields of `columns`, '' if empty. Raises UnreadableTableError.
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
    records = list(_data(sheet, header))
    if not records:
        notes.add("no-rows", sheet.name or "")
    reasons = leftovers([(number, cells) for number, cells, _ in records])
    reader = RowReader(header, columns, sheet.serial_start, notes)
    rows = [reader.read(record, reasons.get(record[0])) for record in records]
    return Table(rows, notes.documents(), sheet.name)


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

    return Sheet(None, list(islice(records(), HEADER_ROWS)), lambda _: ((*record, []) for record in records()))


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


def _data(sheet: Sheet, header: Header) -> Iterator[FilledRecord]:
    """Yield the rows below the header, checked against the limits."""
    count = 0
    for number, cells, filled in sheet.records(header.number):
        if number <= header.number or not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > MAX_ROWS:
            raise UnreadableTableError("too-many-rows", row=number)
        _check(number, cells, header.names)
        yield number, cells, filled


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads the cells of rows, and notes what was read in another spelling."""

    header: Header
    columns: Sequence[Column]
    serial_start: datetime
    notes: Notes

    def read(self, record: FilledRecord, reason: CellError | None) -> Row:
        """Return the row. Its fault is the `reason` why it is no record, if any, or else the first unreadable cell."""
        number, cells, filled = record
        read = dict.fromkeys((column.field for column in self.columns), "")
        if reason:
            first = next(name for name, cell in zip(self.header.names, cells, strict=False) if cell.strip())
            return Row(number, read, fault(first, reason))
        for column in self.columns:
            index = self.header.indexes.get(column.field)
            if index is None or index >= len(cells):
                continue
            try:
                read[column.field], note = read_cell(cells[index], column.meaning, self.serial_start)
            except CellError as error:
                return Row(number, read, fault(column.headers[0], error))
            for code in (note, "filled-down" if index in filled else None):
                if code:
                    self.notes.add(code, self.header.names[index], number)
        return Row(number, read)


def _check(number: int, cells: Sequence[str], header: Sequence[str]) -> None:
    if len(cells) > MAX_COLUMNS:
        raise UnreadableTableError("too-many-columns", row=number)
    if any(cell.strip() for cell in cells[len(header) :]):
        # An unquoted delimiter has also moved the other cells under wrong headers.
        raise UnreadableTableError("row-too-wide", row=number)
    for name, cell in zip(header, cells, strict=False):
        if len(cell) > MAX_CELL_CHARACTERS:
            raise UnreadableTableError("cell-too-long", row=number, column=name[:MAX_CELL_CHARACTERS])
