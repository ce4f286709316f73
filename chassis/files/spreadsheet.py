"""Reads tables from CSV and XLSX files, and writes CSV.

This module also runs as a script that opens workbooks in a separate process, so it imports no module of ours.
"""

import codecs
import csv
import io
import json
import re
import resource
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal

import python_calamine

CSV_TYPE = "text/csv"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

MAX_BYTES = 20 * 1024 * 1024
MAX_UNCOMPRESSED_BYTES = 200 * 1024 * 1024
MAX_ROWS = 100_000
MAX_COLUMNS = 100
MAX_CELL_CHARACTERS = 10_000
WORKBOOK_MEMORY_BYTES = 1024 * 1024 * 1024
WORKBOOK_TIMEOUT_SECONDS = 60

ENCODINGS = ("utf-8-sig", "gb18030")
DELIMITERS = (",", ";", "\t")

DATE_FORMATS = (
    re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})"),
    re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})"),
    re.compile(r"(\d{4})\.(\d{1,2})\.(\d{1,2})"),
    re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日"),
    re.compile(r"(\d{4})(\d{2})(\d{2})"),
)
# Spreadsheet programs run a cell that starts like this as a formula, some of them after leading spaces.
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠\t\r\n\0]")

Record = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Column:
    """A field of a row, and the headers accepted for its column."""

    field: str
    headers: Sequence[str]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table with the number that a spreadsheet program shows for it."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    rows: list[Row]
    ignored_headers: list[str]


class UnreadableTableError(ValueError):
    """The table cannot be read. The message is the reason; `row` and `column` are the place, if known."""

    def __init__(self, code: str, sentence: str, *, row: int | None = None, column: str | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.row = row
        self.column = column


def read_table(content: bytes, content_type: str, columns: Sequence[Column]) -> Table:
    """Read the rows. Each row has all fields of `columns`, '' if empty. Raises UnreadableTableError."""
    if len(content) > MAX_BYTES:
        raise UnreadableTableError("file-too-large", f"The file is larger than {MAX_BYTES} bytes.")
    records = (record for record in _records(content, content_type, columns) if any(record[1]))
    number, header = next(records, (1, []))
    if not header:
        raise UnreadableTableError("empty-file", "The file is empty: it has no header and no rows.")
    _check(number, header, header)
    indexes = _indexes(number, header, columns)
    rows: list[Row] = []
    for number, cells in records:
        if len(rows) == MAX_ROWS:
            raise UnreadableTableError("too-many-rows", f"The file has more than {MAX_ROWS} rows.", row=number)
        _check(number, cells, header)
        rows.append(Row(number, {column.field: _cell(cells, indexes.get(column.field)) for column in columns}))
    ignored = [name for index, name in enumerate(header) if name and index not in indexes.values()]
    return Table(rows, ignored)


def parse_date(text: str) -> date | None:
    """Parse a date in the formats of Chinese spreadsheets. Return None for an empty cell; raise ValueError for others.

    The error is stored and shown, so it does not repeat the cell, which may contain personal data.
    """
    if not text.strip():
        return None
    match = next(filter(None, (pattern.fullmatch(text.strip()) for pattern in DATE_FORMATS)), None)
    if match is None:
        raise ValueError("Not a date; use a format like 2024-06-01, 2024/6/1 or 2024年6月1日.")
    year, month, day = map(int, match.groups())
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError("No such day in the calendar.") from None


def write_csv(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Write CSV for Excel. No cell can run as a formula."""
    # Without the byte order mark, Excel in Chinese decodes the file as GBK.
    return codecs.BOM_UTF8 + write_rows([headers, *rows])


def write_rows(rows: Iterable[Sequence[str]]) -> bytes:
    """Write a part of a CSV file that `write_csv` began."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(map(_without_formula, row) for row in rows)
    return text.getvalue().encode()


def _without_formula(cell: str) -> str:
    return f"'{cell}" if FORMULA.match(cell) else cell


def _records(content: bytes, content_type: str, columns: Sequence[Column]) -> Iterator[Record]:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == CSV_TYPE:
        return _csv_records(_decode(content), columns)
    if kind == XLSX_TYPE:
        return _workbook_records(content)
    raise UnreadableTableError(
        "unsupported-type",
        f"A table must be CSV ({CSV_TYPE}) or an Excel workbook ({XLSX_TYPE}), not {kind!r}.",
    )


def _indexes(number: int, header: list[str], columns: Sequence[Column]) -> dict[str, int]:
    """Return the column index of each field. Raises UnreadableTableError for a duplicate or missing column."""
    indexes: dict[str, int] = {}
    for column in columns:
        known = {_normalised(name) for name in column.headers}
        found = [index for index, name in enumerate(header) if name and _normalised(name) in known]
        if len(found) > 1:
            names = " and ".join(header[index] for index in found)
            sentence = f"The file has {len(found)} columns for {column.field}: {names}; keep one of them."
            raise UnreadableTableError("duplicate-column", sentence, row=number, column=header[found[1]])
        if found:
            indexes[column.field] = found[0]
        elif column.required:
            expected = ", ".join(column.headers)
            sentence = f"The file has no column for {column.field}; expected one of {expected}."
            raise UnreadableTableError("missing-column", sentence, row=number, column=column.headers[0])
    return indexes


def _normalised(header: str) -> str:
    return "".join(unicodedata.normalize("NFKC", header).casefold().split())


def _cell(cells: list[str], index: int | None) -> str:
    return cells[index] if index is not None and index < len(cells) else ""


def _check(number: int, cells: list[str], header: list[str]) -> None:
    if len(cells) > MAX_COLUMNS:
        raise UnreadableTableError("too-many-columns", f"Row {number} has more than {MAX_COLUMNS} cells.", row=number)
    if any(cells[len(header) :]):
        # An unquoted delimiter has also moved the other cells under wrong headers.
        sentence = f"Row {number} has more cells than the header; a value that holds a delimiter needs quotes."
        raise UnreadableTableError("row-too-wide", sentence, row=number)
    for name, cell in zip(header, cells, strict=False):
        if len(cell) > MAX_CELL_CHARACTERS:
            sentence = f"Row {number} has a cell of more than {MAX_CELL_CHARACTERS} characters."
            raise UnreadableTableError("cell-too-long", sentence, row=number, column=name[:MAX_CELL_CHARACTERS])


def _decode(content: bytes) -> str:
    # UTF-16 contains NULs; PostgreSQL cannot store a NUL of any other text.
    for encoding in ENCODINGS if b"\0" not in content else ():
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableTableError("unknown-encoding", "The file is not text in UTF-8 or GB18030; save it as CSV UTF-8.")


def _csv_records(text: str, columns: Sequence[Column]) -> Iterator[Record]:
    number = 0
    known = {_normalised(name) for column in columns for name in column.headers}
    delimiter = max(DELIMITERS, key=lambda candidate: _headers_found(text, candidate, known))
    try:
        for number, cells in enumerate(_csv_reader(text, delimiter), start=1):
            yield number, [cell.strip() for cell in cells]
    except csv.Error as error:
        sentence = f"Row {number + 1} cannot be read: {error}. Each opened quotation mark must be closed."
        raise UnreadableTableError("broken-csv", sentence, row=number + 1) from error


def _headers_found(text: str, delimiter: str, known: set[str]) -> tuple[int, int]:
    """Return how many known headers, and how many headers, the first line has with this delimiter."""
    try:
        header = next(filter(None, _csv_reader(text, delimiter)), [])
    except csv.Error:
        return 0, 0
    return len(known.intersection(map(_normalised, header))), len(header)


def _csv_reader(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _workbook_records(content: bytes) -> Iterator[Record]:
    """Read the first sheet in a separate process with a memory limit.

    A few kilobytes can describe a sheet of billions of cells, and the library aborts the process when memory runs
    out. Only the operating system can limit that, and only for a process other than the service.
    """
    _check_archive(content)
    command = [sys.executable, "-I", __file__]
    try:
        child = subprocess.run(  # noqa: S603 - our own interpreter and file; the upload goes to its stdin.
            command, input=content, capture_output=True, timeout=WORKBOOK_TIMEOUT_SECONDS, check=True
        )
    except subprocess.SubprocessError as error:
        raise _damaged_workbook() from error
    for line in io.BytesIO(child.stdout):
        number, cells = json.loads(line)
        yield number, cells


def _check_archive(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked_bytes = sum(member.file_size for member in archive.infolist())
            archive.getinfo("xl/workbook.xml")
    except (zipfile.BadZipFile, KeyError, NotImplementedError, ValueError) as error:
        raise _damaged_workbook() from error
    if unpacked_bytes > MAX_UNCOMPRESSED_BYTES:
        sentence = f"The workbook unpacks to more than {MAX_UNCOMPRESSED_BYTES} bytes."
        raise UnreadableTableError("workbook-too-large", sentence)


def _damaged_workbook() -> UnreadableTableError:
    return UnreadableTableError(
        "unreadable-workbook",
        "The workbook cannot be opened: it is damaged, has a password, or is too large. Save it as CSV.",
    )


def _print_first_sheet() -> None:
    """Read a workbook from stdin and write one line of JSON to stdout for each row that is not empty."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (WORKBOOK_MEMORY_BYTES, WORKBOOK_MEMORY_BYTES))
    workbook = python_calamine.load_workbook(io.BytesIO(sys.stdin.buffer.read()))
    remaining_bytes = MAX_UNCOMPRESSED_BYTES
    for number, values in enumerate(workbook.get_sheet_by_index(0).iter_rows(), start=1):
        cells = [_text(value).strip() for value in values]
        if any(cells):
            line = json.dumps([number, cells], ensure_ascii=False).encode() + b"\n"
            remaining_bytes -= len(line)
            if remaining_bytes < 0:
                sys.exit("The sheet is too large.")
            sys.stdout.buffer.write(line)


def _text(value: object) -> str:
    match value:
        case bool():
            return str(value).upper()
        case int() | float():
            # Excel shows 15 digits; further digits are rounding errors of binary fractions.
            return f"{Decimal(f'{value:.15g}'):f}"
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


if __name__ == "__main__":
    _print_first_sheet()
