"""The sender names the sheet of a workbook that is read."""

from typing import Any

import pytest

from chassis.files.formats import CSV_TYPE, XLSX_TYPE
from chassis.files.imports_api import unreadable
from chassis.files.refusal import REASONS_OF_CHOICE, UnreadableTableError
from chassis.files.spreadsheet import NAMED_SHEETS
from chassis.files.table import Column
from tests.support.tables import Table, read_table, rows, workbook

NAME = Column("name", ("客户名称", "name"), required=True)


def hidden(page: Any, book: Any) -> None:
    rows(["客户名称"], ["旧客户"])(page, book)
    page.hide()


BOOK = workbook(
    ("客户", rows(["客户名称"], ["上海腾云"])),
    ("2023", hidden),
    ("Übersicht", rows(["标题"], ["客户名称"], ["北京新创"])),
    ("其他", rows(["电话"], ["1"])),
    ("空", lambda _page, _book: None),
)


def read(sheet: str | None) -> Table:
    return read_table(BOOK, XLSX_TYPE, [NAME], sheet)


def refused(sheet: str, content: bytes = BOOK, content_type: str = XLSX_TYPE) -> UnreadableTableError:
    with pytest.raises(UnreadableTableError) as error:
        read_table(content, content_type, [NAME], sheet)
    return error.value


@pytest.mark.parametrize(
    ("sheet", "name", "unused"),
    [
        (None, "上海腾云", ["2023", "Übersicht", "其他"]),
        ("客户", "上海腾云", ["2023", "Übersicht", "其他"]),
        ("2023", "旧客户", ["客户", "Übersicht", "其他"]),
        ("Übersicht", "北京新创", ["客户", "2023", "其他"]),
    ],
)
def test_the_named_sheet_is_read_even_if_it_is_hidden_and_the_others_are_noted(
    sheet: str | None, name: str, unused: list[str]
) -> None:
    table = read(sheet)
    assert (table.sheet, [row.cells["name"] for row in table.rows]) == (sheet or "客户", [name])
    assert [note["column"] for note in table.notes if note["code"] == "unused-sheet"] == unused


def test_an_unknown_sheet_is_refused_with_the_names_of_all_sheets() -> None:
    error = refused("客户 ")
    assert error.code == "unknown-sheet"
    for text in (error.en, error.zh):
        assert "客户, 2023, Übersicht, 其他, 空" in text


def test_the_refusal_of_an_unknown_sheet_names_the_first_sheets_only() -> None:
    many = workbook(*((f"S{number}", rows(["name"], ["A"])) for number in range(NAMED_SHEETS + 1)))
    error = refused("T", many)
    assert f"S{NAMED_SHEETS - 1}, …." in error.en
    assert f"S{NAMED_SHEETS}" not in error.en


def test_a_named_sheet_without_cells_is_refused() -> None:
    assert refused("空").code == "empty-sheet"


def test_only_the_named_sheet_is_searched_for_the_header() -> None:
    error = refused("其他")
    assert (error.code, error.en.count("sheet")) == ("missing-column", 1)
    assert "其他" in error.en


def test_a_text_file_has_no_sheets_to_choose_from() -> None:
    assert refused("客户", "客户名称\nA\n".encode(), CSV_TYPE).code == "sheet-of-text"


@pytest.mark.parametrize("code", sorted(REASONS_OF_CHOICE))
def test_a_refusal_of_the_choice_names_the_parameter(code: str) -> None:
    [error] = unreadable(UnreadableTableError(code, sheets="A")).errors
    assert error["pointer"] == "query:sheet"
