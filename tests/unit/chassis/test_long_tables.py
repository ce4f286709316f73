"""A row and a table have a limited number of characters. A small workbook that repeats a long text takes little memory.

The memory is that of the service. The process that opens workbooks has a limit of its own.
"""

import gzip
import io
import json
import tracemalloc
from collections.abc import Sequence
from hashlib import shake_256

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from chassis.files import workbook, workbook_process
from chassis.files.formats import XLSX_TYPE
from chassis.files.imports_api import unreadable
from chassis.files.refusal import UnreadableTableError
from chassis.files.table import (
    MAX_BYTES,
    MAX_CELL_CHARACTERS,
    MAX_COLUMNS,
    MAX_ROW_CHARACTERS,
    MAX_TABLE_CHARACTERS,
)
from chassis.files.workbook_process import OUTLINE_CHARACTERS, OUTLINE_ROWS
from tests.support.tables import read_table
from tests.unit.chassis.test_spreadsheet import NAME, TIER, book_of, names, read, read_error, read_sheet

LONGEST_CELL = "A" * MAX_CELL_CHARACTERS
MIB = 1024 * 1024
HEADER = ["name", "a", "b", "c", "d", "e"]


def refused(*rows: Sequence[object]) -> UnreadableTableError:
    return read_error(book_of(*rows), XLSX_TYPE)


def cells_with(characters: int) -> list[str]:
    """Return the cells of a row with so many characters."""
    full, rest = divmod(characters, MAX_CELL_CHARACTERS)
    return ["A" * MAX_CELL_CHARACTERS] * full + ["A" * rest]


def test_the_longest_allowed_row_of_a_text_is_read_and_a_longer_one_is_rejected() -> None:
    header, row = ",".join(HEADER), ",".join(cells_with(MAX_ROW_CHARACTERS))
    assert len(read(f"{header}\n{row}\n").rows) == 1
    error = read_error(f"{header}\nB\n{row}A\n")
    assert (error.code, error.row) == ("row-too-long", 3)


def test_the_longest_allowed_row_of_a_workbook_is_read_and_a_longer_one_is_rejected() -> None:
    assert len(read_sheet(HEADER, cells_with(MAX_ROW_CHARACTERS)).rows) == 1
    error = refused(HEADER, ["B"], cells_with(MAX_ROW_CHARACTERS + 1))
    assert (error.code, error.row) == ("row-too-long", 3)
    assert unreadable(error).en == "The cells of row 3 have more than 50000 characters together."
    assert unreadable(error).zh == "第 3 行各单元格合计超过 50000 个字符。"


def test_a_row_above_the_header_has_the_same_limit() -> None:
    assert names(read_sheet(cells_with(MAX_ROW_CHARACTERS), ["name"], ["B"])) == ["B"]
    error = refused(cells_with(MAX_ROW_CHARACTERS + 1), ["name"], ["B"])
    assert (error.code, error.row) == ("row-too-long", 1)


def test_a_long_cell_of_excel_is_named_with_its_column() -> None:
    error = refused(["name", "tier"], ["B", "A" * 32_767])
    assert (error.code, error.row, error.column) == ("cell-too-long", 2, "tier")


def test_a_workbook_with_the_most_characters_is_read_and_one_with_more_is_rejected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workbook, "MAX_TABLE_CHARACTERS", len("name") + 3 * len("Lan Hai"))
    assert len(read_sheet(["name"], *[["Lan Hai"]] * 3).rows) == 3
    error = refused(["name"], *[["Lan Hai"]] * 3, ["B"])
    assert (error.code, error.row) == ("table-too-long", 5)


@pytest.mark.parametrize(("allowed", "is_read"), [(4 * len("Lan HaiA"), True), (4 * len("Lan HaiA") - 1, False)])
def test_the_cells_that_a_merged_cell_fills_count(
    monkeypatch: pytest.MonkeyPatch, allowed: int, *, is_read: bool
) -> None:
    monkeypatch.setattr(workbook, "MAX_TABLE_CHARACTERS", len("nametier") + allowed)
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["name", "tier"])
    sheet.merge_range(1, 0, 4, 0, "Lan Hai")
    for row in range(1, 5):
        sheet.write(row, 1, "A")
    book.close()
    if is_read:
        assert names(read_table(content.getvalue(), XLSX_TYPE, [NAME, TIER])) == ["Lan Hai"] * 4
    else:
        assert read_error(content.getvalue(), XLSX_TYPE).row == 5


def test_a_text_file_cannot_have_more_characters_than_a_table() -> None:
    assert MAX_BYTES <= MAX_TABLE_CHARACTERS


@pytest.mark.parametrize(
    ("row", "count", "place"),
    [
        ([LONGEST_CELL] * MAX_COLUMNS, 190, ("row-too-long", 2)),
        ([LONGEST_CELL] * 5, 1_100, ("table-too-long", 1_001)),
    ],
)
def test_a_small_workbook_that_repeats_a_long_text_is_rejected_and_takes_little_memory(
    row: list[str], count: int, place: tuple[str, int]
) -> None:
    header = ["name", *map(str, range(1, len(row)))]
    content = book_of(header, *[row] * count)
    assert len(content) < MIB // 4
    tracemalloc.start()
    error = read_error(content, XLSX_TYPE)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (error.code, error.row) == place
    assert peak_bytes < 10 * MIB


def book_of_sheets(sheets: int, rows: Sequence[Sequence[str]]) -> bytes:
    """Return a workbook with a customer in the first sheet, and the rows in each of the other sheets."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content)
    for index in range(1 + sheets):
        sheet = book.add_worksheet()
        for number, row in enumerate(rows if index else [["name"], ["B"]]):
            sheet.write_row(number, 0, row)
    book.close()
    return content.getvalue()


def test_a_row_of_another_sheet_may_be_longer() -> None:
    content = book_of_sheets(1, [[LONGEST_CELL] * MAX_COLUMNS])
    assert names(read_table(content, XLSX_TYPE, [NAME])) == ["B"]


def test_the_first_rows_of_all_sheets_have_a_limit() -> None:
    sheets, rest = divmod(OUTLINE_CHARACTERS, OUTLINE_ROWS * MAX_ROW_CHARACTERS)
    assert rest == 0
    rows = [[LONGEST_CELL] * 4] * OUTLINE_ROWS
    assert names(read_table(book_of_sheets(sheets, rows), XLSX_TYPE, [NAME])) == ["B"]
    longer = [[LONGEST_CELL] * 5] * OUTLINE_ROWS
    assert read_error(book_of_sheets(sheets, longer), XLSX_TYPE).code == "unreadable-workbook"


def test_the_process_prints_a_limited_number_of_compressed_bytes(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(workbook_process, "PRINTED_BYTES", 1_000)
    workbook_process.write(iter([LONGEST_CELL]))
    assert json.loads(gzip.decompress(capsysbinary.readouterr().out)) == LONGEST_CELL
    without_pattern = shake_256().hexdigest(10 * MAX_CELL_CHARACTERS)
    with pytest.raises(SystemExit):
        workbook_process.write(iter([without_pattern]))
    assert len(capsysbinary.readouterr().out) <= 1_000
