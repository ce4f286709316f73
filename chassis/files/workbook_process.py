"""Opens a workbook in a process of its own: a script that prints JSON lines with gzip, and imports no module of ours.

`outline ROW_CHARACTERS [NAME]`: one line with what days count from, and the sheets with their first rows, the hidden
ones without unless NAME names them. Rows with more characters are cut off after the first cell too many.
`rows INDEX HEADER ROW_CHARACTERS TABLE_CHARACTERS`: one line for each row of a sheet, with its number, its texts as
Excel shows them, and the columns that merged cells above it fill. The first row that exceeds a limit is named in the
last line, without its texts.
"""

import io
import json
import posixpath
import re
import resource
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain, islice, repeat
from typing import IO, Any
from xml.etree import ElementTree as ET
from xml.parsers import expat

import python_calamine

# The largest tables take 300 MiB; a sheet of 20 columns with one stray cell in the last row takes 660 MiB.
MEMORY_BYTES = 768 * 1024 * 1024
# Compressed. The service keeps this in memory.
PRINTED_BYTES = 100 * 1024 * 1024
# A low level takes little time, and texts that repeat still take hardly any memory.
COMPRESSION_LEVEL = 1
OUTLINE_ROWS = 20
# In the first rows of all sheets. The service parses them at once.
OUTLINE_CHARACTERS = 5_000_000
# Excel keeps 15 digits. A number from here on has lost some, if it was meant to be an identifier.
MORE_DIGITS_THAN_KEPT = 10**15
ZERO_FILL = re.compile("0{2,}")
SIGNS_OF_MARKS = (b't="e"', b"t='e'", b"<f>", b"<f ", b"<f/", b":f>", b":f ", b":f/")
# The text of a formula whose result is not stored; there is no such error in Excel.
NO_VALUE = "#FORMULA!"

# For zlib: the bits of the window say that the format is gzip.
GZIP = 16

Marks = dict[tuple[int, int], str]
# Number and cells of a row, and the columns that merged cells above it fill.
FilledRow = tuple[int, list[str], list[int]]


def main(command: str, *arguments: str) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    content = io.BytesIO(sys.stdin.buffer.read())
    workbook = python_calamine.load_workbook(content)
    if command == "outline":
        row_characters, *chosen = arguments
        lines: Iterator[Any] = iter([[counts_from_1904(content), outline(workbook, int(row_characters), *chosen)]])
    else:
        index, header, *limits = map(int, arguments)
        lines = limited(sheet_rows(workbook, marks_of(content, index), index, header), *limits)
    write(lines)


def write(lines: Iterator[Any]) -> None:
    compressor = zlib.compressobj(COMPRESSION_LEVEL, wbits=zlib.MAX_WBITS + GZIP)
    remaining_bytes = PRINTED_BYTES
    for line in lines:
        printed = compressor.compress(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        remaining_bytes -= len(printed)
        if remaining_bytes < 0:
            sys.exit("The sheet is too large.")
        sys.stdout.buffer.write(printed)
    sys.stdout.buffer.write(compressor.flush())


def limited(rows: Iterator[FilledRow], row_characters: int, table_characters: int) -> Iterator[object]:
    """Yield the rows up to the first one that exceeds a limit, and the number of that one."""
    remaining_characters = table_characters
    for row in rows:
        number, cells, _ = row
        characters = sum(map(len, cells))
        remaining_characters -= characters
        if characters > row_characters:
            yield {"too_long_row": number}
            return
        if remaining_characters < 0:
            yield {"too_long_table": number}
            return
        yield row


def outline(workbook: python_calamine.CalamineWorkbook, row_characters: int, chosen: str | None = None) -> list[Any]:
    """Return name, visibility and first rows of each sheet. Charts have no rows, hidden sheets only if chosen."""
    found = []
    remaining_characters = OUTLINE_CHARACTERS
    for index, sheet in enumerate(workbook.sheets_metadata):
        is_visible = sheet.visible == python_calamine.SheetVisibleEnum.Visible
        is_read = is_visible or sheet.name == chosen
        has_rows = is_read and sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
        rows = islice(filled_rows(workbook, index), OUTLINE_ROWS) if has_rows else ()
        first = [(number, cut_off(cells, row_characters)) for number, cells in rows]
        remaining_characters -= sum(len(cell) for _, cells in first for cell in cells)
        if remaining_characters < 0:
            sys.exit("The first rows are too long.")
        found.append([sheet.name, is_visible, first])
    return found


def cut_off(cells: list[str], characters: int) -> list[str]:
    """Return the cells, up to the one with which they have more characters. That one has at most one too many."""
    remaining = characters
    for index, cell in enumerate(cells):
        if len(cell) > remaining:
            return [*cells[:index], cell[: remaining + 1]]
        remaining -= len(cell)
    return cells


def counts_from_1904(content: IO[bytes]) -> bool:
    with zipfile.ZipFile(content) as archive:
        found = (each.attrib.get("date1904") for each in elements(archive, "xl/workbook.xml"))
        return any(value in {"1", "true"} for value in found)


def filled_rows(workbook: python_calamine.CalamineWorkbook, index: int) -> Iterator[tuple[int, list[str]]]:
    for number, values in enumerate(workbook.get_sheet_by_index(index).iter_rows(), start=1):
        cells = [shown(value) for value in values]
        if any(cells):
            yield number, cells


def sheet_rows(
    workbook: python_calamine.CalamineWorkbook, marks: Marks, index: int, header: int
) -> Iterator[FilledRow]:
    """Yield the rows. A merged area that starts below the header gives its value to each of its rows."""
    sheet = workbook.get_sheet_by_index(index)
    # The library leaves out the columns before the first cell, but no rows.
    _, left = sheet.start or (0, 0)
    last, _ = sheet.end or (-1, 0)
    starts = merged_areas(sheet, left, header)
    areas: dict[int, tuple[int, str]] = {}
    # The library knows nothing of a row with formulas only whose results are not stored.
    without_value = repeat([""] * sheet.width, max((row for row, _ in marks), default=0) - last - 1)
    every_row: Iterator[Iterable[object]] = chain(sheet.iter_rows(), without_value)
    for number, values in enumerate(every_row, start=1):
        cells = [marks.get((number, left + column)) or shown(value) for column, value in enumerate(values)]
        filled = []
        if any(cells):
            for column, (bottom, text) in areas.items():
                if number <= bottom and not cells[column] and text:
                    cells[column] = text
                    filled.append(column)
            yield number, cells, filled
        areas.update({column: (bottom, cells[column]) for column, bottom in starts.get(number, ())})


def merged_areas(sheet: python_calamine.CalamineSheet, left: int, header: int) -> dict[int, list[tuple[int, int]]]:
    """Return the first column and the last row of the areas of several rows below the header, by their first row."""
    starts: dict[int, list[tuple[int, int]]] = {}
    for (top, first), (bottom, _) in sheet.merged_cell_ranges or ():
        if bottom > top >= header and 0 <= first - left < sheet.width:
            starts.setdefault(top + 1, []).append((first - left, bottom + 1))
    return starts


def shown(value: object) -> str:
    """Return the text that Excel shows for a value, with all digits that Excel keeps."""
    match value:
        case bool():
            return str(value).upper()
        case int() | float():
            return number_text(value)
        case datetime():
            # Excel shows seconds. Fractions of a day are not exact.
            return (value + timedelta(milliseconds=500)).replace(microsecond=0).isoformat()
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


def number_text(value: float) -> str:
    if abs(value) >= MORE_DIGITS_THAN_KEPT:
        return f"{value:.14E}"
    # Further digits are rounding errors of binary fractions.
    return f"{Decimal(f'{value:.15g}'):f}"


def marks_of(content: IO[bytes], index: int) -> Marks:
    """Return the texts of the cells that the library gives without what Excel shows: errors and filling zeros."""
    with zipfile.ZipFile(content) as archive:
        widths, sheet = zero_fills(archive), archive.read(sheet_path(archive, index))
    # Most sheets have none, and a search is much faster.
    return SheetMarks(widths).read(sheet) if widths or any(sign in sheet for sign in SIGNS_OF_MARKS) else {}


def sheet_path(archive: zipfile.ZipFile, index: int) -> str:
    sheets = [each for each in elements(archive, "xl/workbook.xml") if each.tag.endswith("}sheet")]
    relation = next(value for name, value in sheets[index].attrib.items() if name.endswith("}id"))
    relations = elements(archive, "xl/_rels/workbook.xml.rels")
    target = next(each.attrib["Target"] for each in relations if each.attrib.get("Id") == relation)
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")


def zero_fills(archive: zipfile.ZipFile) -> dict[str, int]:
    """Return the number of digits for each style that fills numbers with zeros, such as 00000."""
    if "xl/styles.xml" not in archive.namelist():
        return {}
    codes: dict[str, str] = {}
    styles: list[str] = []
    for each in elements(archive, "xl/styles.xml"):
        if each.tag.endswith("}numFmt"):
            codes[each.attrib["numFmtId"]] = each.attrib["formatCode"]
        if each.tag.endswith("}cellXfs"):
            styles = [style.attrib.get("numFmtId", "") for style in each]
    found = {str(style): codes.get(form, "") for style, form in enumerate(styles)}
    return {style: len(code) for style, code in found.items() if ZERO_FILL.fullmatch(code)}


def elements(archive: zipfile.ZipFile, path: str) -> Iterator[ET.Element]:
    return ET.fromstring(archive.read(path)).iter()  # noqa: S314 - in a process with limits.


class SheetMarks:
    """Reads the cells of a sheet one by one, and keeps only those that need a mark."""

    def __init__(self, widths: dict[str, int]) -> None:
        self._widths = widths
        self._marks: Marks = {}
        self._row = self._column = 0
        self._cell: dict[str, str] = {}
        self._has_formula = self._in_value = False
        self._value = ""

    def read(self, sheet: bytes) -> Marks:
        parser = expat.ParserCreate(namespace_separator="}")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.Parse(sheet, True)
        return self._marks

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        element = name.rpartition("}")[2]
        if element == "c":
            letters = attributes.get("r", "").rstrip("0123456789")
            self._column = column_number(letters) if letters else self._column + 1
            self._cell, self._has_formula, self._value = attributes, False, ""
        elif element == "row":
            self._row = int(attributes.get("r", self._row + 1))
            self._column = -1
        self._has_formula |= element == "f"
        self._in_value = element == "v"

    def _text(self, text: str) -> None:
        if self._in_value:
            self._value += text

    def _end(self, name: str) -> None:
        self._in_value = False
        if name.rpartition("}")[2] == "c" and (mark := self._mark()):
            self._marks[self._row, self._column] = mark

    def _mark(self) -> str | None:
        kind = self._cell.get("t", "n")
        if kind == "e":
            return self._value
        if self._has_formula and not self._value and kind != "str":
            return NO_VALUE
        width = self._widths.get(self._cell.get("s", "")) if kind == "n" else None
        return self._value.zfill(width) if width and self._value.isdecimal() else None


def column_number(letters: str) -> int:
    """Return the number of a column, counted from 0."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


if __name__ == "__main__":
    main(*sys.argv[1:])
