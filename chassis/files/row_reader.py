"""Reads the cells of rows below a header into the fields of a kind of file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis.files.cells import read_cell
from chassis.files.header import Header
from chassis.files.notes import Notes
from chassis.files.table import CellError, Column, Row, fault

# Number and cells of a row, and the columns that merged cells above it fill.
FilledRecord = tuple[int, list[str], list[int]]


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
        problem = fault(self._first_name(cells), reason) if reason else None
        original = list(cells)
        for column in self.columns:
            index = self.header.indexes.get(column.field)
            if index is None or index >= len(cells):
                continue
            try:
                text, note = read_cell(cells[index], column.meaning, self.serial_start)
            except CellError as error:
                problem = problem or fault(column.headers[0], error)
                continue
            read[column.field] = text
            if note == "serial-day":
                # What the number counts from is known of this file only.
                original[index] = text
            if not problem:
                self._note(number, index, note, filled)
        return Row(number, read, problem, self.header.without_results(original))

    def _note(self, number: int, index: int, note: str | None, filled: list[int]) -> None:
        for code in (note, "filled-down" if index in filled else None):
            if code:
                self.notes.add(code, self.header.names[index], number)

    def _first_name(self, cells: Sequence[str]) -> str:
        """Return the header of the first cell that is not empty."""
        return next(name for name, cell in zip(self.header.names, cells, strict=False) if cell.strip())
