"""Tables that people hand in and take away: CSV and XLSX in, CSV out. Knows no domain.

This module also runs as a script of its own, to open workbooks apart from the service; so it imports
nothing of ours.
"""

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

DATE_FORMS = (
    re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})"),
    re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})"),
    re.compile(r"(\d{4})\.(\d{1,2})\.(\d{1,2})"),
    re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日"),
    re.compile(r"(\d{4})(\d{2})(\d{2})"),
)
# Spreadsheet programs run a cell that begins like this, some of them after skipping spaces.
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠\t\r\n\0]")

Record = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Column:
    """A field that the caller wants, and the headers that people write above it."""

    field: str
    headers: Sequence[str]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table, numbered as its author sees it in the sheet."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    rows: list[Row]
    ignored_headers: list[str]


class TableUnreadable(ValueError):  # noqa: N818 - it is an outcome to report, like Rejected.
    """The table cannot be taken in. Says why in a sentence, and where if that is known."""

    def __init__(self, code: str, sentence: str, *, row: int | None = None, column: str | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.row = row
        self.column = column


def read_table(content: bytes, content_type: str, columns: Sequence[Column]) -> Table:
    """Read the rows below the known headers. Each row holds every field, '' where nothing is written."""
    if len(content) > MAX_BYTES:
        raise TableUnreadable("file-too-large", f"The file is larger than {MAX_BYTES} bytes.")
    records = (record for record in _records(content, content_type, columns) if any(record[1]))
    number, header = next(records, (1, []))
    if not header:
        raise TableUnreadable("empty-file", "The file is empty: it has no header and no rows.")
    _check(number, header, header)
    places = _places(number, header, columns)
    rows: list[Row] = []
    for number, cells in records:
        if len(rows) == MAX_ROWS:
            raise TableUnreadable("too-many-rows", f"The file has more than {MAX_ROWS} rows.", row=number)
        _check(number, cells, header)
        rows.append(Row(number, {column.field: _cell(cells, places.get(column.field)) for column in columns}))
    ignored = [name for place, name in enumerate(header) if name and place not in places.values()]
    return Table(rows, ignored)


def parse_date(text: str) -> date | None:
    """Read a date in the forms that Chinese sheets use; None for an empty cell, ValueError for others.

    The error is kept and shown, so it does not repeat the cell: anything may stand in a cell of the wrong column.
    """
    if not text.strip():
        return None
    match = next(filter(None, (form.fullmatch(text.strip()) for form in DATE_FORMS)), None)
    if match is None:
        raise ValueError("This is not a date; write it like 2024-06-01, 2024/6/1 or 2024年6月1日.")
    year, month, day = map(int, match.groups())
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError("This is not a day in the calendar.") from None


def write_csv(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Write a table that Excel opens as text: no cell of it can run as a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(map(_harmless, headers))
    writer.writerows(map(_harmless, row) for row in rows)
    # Without the byte order mark, a Chinese Excel takes the file for GBK and shows garbage.
    return text.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    return f"'{cell}" if FORMULA.match(cell) else cell


def _records(content: bytes, content_type: str, columns: Sequence[Column]) -> Iterator[Record]:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == CSV_TYPE:
        return _csv_records(_decode(content), columns)
    if kind == XLSX_TYPE:
        return _workbook_records(content)
    raise TableUnreadable(
        "unsupported-type",
        f"A table must be CSV ({CSV_TYPE}) or an Excel workbook ({XLSX_TYPE}), not {kind!r}.",
    )


def _places(number: int, header: list[str], columns: Sequence[Column]) -> dict[str, int]:
    """Find which cell of a row holds which field."""
    places: dict[str, int] = {}
    for column in columns:
        known = {_normal(name) for name in column.headers}
        found = [place for place, name in enumerate(header) if name and _normal(name) in known]
        if len(found) > 1:
            names = " and ".join(header[place] for place in found)
            sentence = f"The file has {len(found)} columns for {column.field}: {names}; keep one of them."
            raise TableUnreadable("duplicate-column", sentence, row=number, column=header[found[1]])
        if found:
            places[column.field] = found[0]
        elif column.required:
            expected = ", ".join(column.headers)
            sentence = f"The file has no column for {column.field}; expected one of {expected}."
            raise TableUnreadable("missing-column", sentence, row=number, column=column.headers[0])
    return places


def _normal(header: str) -> str:
    return "".join(unicodedata.normalize("NFKC", header).casefold().split())


def _cell(cells: list[str], place: int | None) -> str:
    return cells[place] if place is not None and place < len(cells) else ""


def _check(number: int, cells: list[str], header: list[str]) -> None:
    if len(cells) > MAX_COLUMNS:
        raise TableUnreadable("too-many-columns", f"Row {number} has more than {MAX_COLUMNS} cells.", row=number)
    if any(cells[len(header) :]):
        # Whatever pushed them there has pushed the other cells under wrong headers too.
        sentence = f"Row {number} has more cells than the header; a value that holds a delimiter needs quotes."
        raise TableUnreadable("row-too-wide", sentence, row=number)
    for name, cell in zip(header, cells, strict=False):
        if len(cell) > MAX_CELL_CHARACTERS:
            sentence = f"Row {number} has a cell of more than {MAX_CELL_CHARACTERS} characters."
            raise TableUnreadable("cell-too-long", sentence, row=number, column=name[:MAX_CELL_CHARACTERS])


def _decode(content: bytes) -> str:
    # UTF-16 shows by its NULs; a NUL in any other text could not be stored.
    for encoding in ENCODINGS if b"\0" not in content else ():
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TableUnreadable("unknown-encoding", "The file is not text in UTF-8 or GB18030; save it as CSV UTF-8.")


def _csv_records(text: str, columns: Sequence[Column]) -> Iterator[Record]:
    number = 0
    known = {_normal(name) for column in columns for name in column.headers}
    delimiter = max(DELIMITERS, key=lambda candidate: _headers_found(text, candidate, known))
    try:
        for number, cells in enumerate(_csv_reader(text, delimiter), start=1):
            yield number, [cell.strip() for cell in cells]
    except csv.Error as error:
        sentence = f"Row {number + 1} cannot be read: {error}. Each opened quotation mark must be closed."
        raise TableUnreadable("broken-csv", sentence, row=number + 1) from error


def _headers_found(text: str, delimiter: str, known: set[str]) -> tuple[int, int]:
    """Say how many known headers, then how many headers at all, the delimiter makes of the first line."""
    try:
        header = next(filter(None, _csv_reader(text, delimiter)), [])
    except csv.Error:
        return 0, 0
    return len(known.intersection(map(_normal, header))), len(header)


def _csv_reader(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _workbook_records(content: bytes) -> Iterator[Record]:
    """Open the first sheet in a process of its own.

    A few kilobytes can describe a sheet of billions of cells, and the reader aborts its process when memory
    ends. Only the operating system can bound that, and only for a process that we can afford to lose.
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
        raise TableUnreadable("workbook-too-large", sentence)


def _damaged_workbook() -> TableUnreadable:
    return TableUnreadable(
        "unreadable-workbook",
        "The workbook cannot be opened: it is damaged, has a password, or is too large. Save it as CSV.",
    )


def _print_first_sheet() -> None:
    """Copy the workbook on stdin to stdout, a line of JSON for each row that is not empty."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (WORKBOOK_MEMORY_BYTES, WORKBOOK_MEMORY_BYTES))
    workbook = python_calamine.load_workbook(io.BytesIO(sys.stdin.buffer.read()))
    room_bytes = MAX_UNCOMPRESSED_BYTES
    for number, values in enumerate(workbook.get_sheet_by_index(0).iter_rows(), start=1):
        cells = [_text(value).strip() for value in values]
        if any(cells):
            line = json.dumps([number, cells], ensure_ascii=False).encode() + b"\n"
            room_bytes -= len(line)
            if room_bytes < 0:
                sys.exit("The sheet repeats its texts beyond all measure.")
            sys.stdout.buffer.write(line)


def _text(value: object) -> str:
    match value:
        case bool():
            return str(value).upper()
        case int() | float():
            # Excel itself shows 15 digits; the rest is noise of binary fractions.
            return f"{Decimal(f'{value:.15g}'):f}"
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


if __name__ == "__main__":
    _print_first_sheet()
