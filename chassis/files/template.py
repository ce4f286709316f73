"""Writes the template of a kind of file: a workbook with a sheet to fill in, and one that explains its columns.

The sheet to fill in has only a header, so that a template that is sent as it is imports nothing.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

from chassis.files.table import MAX_ROWS, Column, Meaning

# English and Chinese.
Words = tuple[str, str]

SHEETS: tuple[Words, Words] = (("Data", "数据"), ("How to fill in", "填写说明"))
HEADINGS: tuple[Words, ...] = (
    ("Column", "列"),
    ("Required", "是否必填"),
    ("What to enter", "填什么"),
    ("Words", "可填的词"),
)
EXAMPLE: Words = ("Example {}", "示例 {}")
REQUIRED: Words = ("required", "必填")
OPTIONAL: Words = ("optional", "选填")
FORMS: Mapping[Meaning, Words] = {
    Meaning.TEXT: ("", ""),
    Meaning.DAY: ("A day, such as 2024-06-01.", "日期，例如 2024-06-01。"),
    Meaning.LAST_DAY: (
        "A day, such as 2024-06-01; empty or open-ended if there is none.",
        "日期，例如 2024-06-01；没有期限的留空，或填“长期”。",
    ),
    Meaning.MOMENT: (
        "A day with or without a time of day, such as 2024-06-01 14:30.",
        "日期，可带时刻，例如 2024-06-01 14:30。",
    ),
    Meaning.AMOUNT: ("An amount, such as 12,800.50.", "金额，例如 12,800.50。"),
}
# In a column of texts, Excel keeps leading zeros and long numbers as they are typed.
FORMATS = {
    Meaning.TEXT: "@",
    Meaning.DAY: "yyyy-mm-dd",
    Meaning.LAST_DAY: "yyyy-mm-dd",
    Meaning.MOMENT: "yyyy-mm-dd hh:mm",
    Meaning.AMOUNT: "#,##0.00",
}
COLUMN_WIDTH = 18
GUIDE_WIDTHS = (20, 12, 60, 36, 22, 22)


def template(columns: Sequence[Column], *, chinese: bool) -> bytes:
    """Return the workbook in this language."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    data, guide = (book.add_worksheet(in_language(name, chinese=chinese)) for name in SHEETS)
    fill_data(book, data, columns, chinese=chinese)
    fill_guide(book, guide, guide_rows(columns, chinese=chinese))
    book.close()
    return content.getvalue()


def in_language(words: Words, *, chinese: bool) -> str:
    return words[chinese]


def fill_data(book: Any, sheet: Any, columns: Sequence[Column], *, chinese: bool) -> None:
    bold = book.add_format({"bold": True, "num_format": FORMATS[Meaning.TEXT]})
    formats = {meaning: book.add_format({"num_format": code}) for meaning, code in FORMATS.items()}
    for index, column in enumerate(columns):
        mark = "*" if column.required else ""
        sheet.set_column(index, index, COLUMN_WIDTH, formats[column.meaning])
        sheet.write_string(0, index, mark + column.name(chinese=chinese), bold)
        if words := offered(column.words, chinese=chinese):
            # A warning only: a file may also have the words of the other language.
            choice = {"validate": "list", "source": words, "error_type": "warning"}
            sheet.data_validation(1, index, MAX_ROWS, index, choice)
    sheet.freeze_panes(1, 0)


def fill_guide(book: Any, sheet: Any, rows: Iterable[Sequence[str]]) -> None:
    plain = book.add_format({"num_format": FORMATS[Meaning.TEXT], "text_wrap": True, "valign": "top"})
    for index, width in enumerate(GUIDE_WIDTHS):
        sheet.set_column(index, index, width, plain)
    for number, cells in enumerate(rows):
        for index, cell in enumerate(cells):
            sheet.write_string(number, index, cell, plain)
    sheet.freeze_panes(1, 1)


def guide_rows(columns: Sequence[Column], *, chinese: bool) -> list[list[str]]:
    """Return a heading, and a row for each column.

    The names of columns are in quotation marks, so that no row can be taken for a header, whatever the order of sheets.
    """
    examples = [in_language(EXAMPLE, chinese=chinese).format(number) for number in (1, 2)]
    rows = [[*(in_language(heading, chinese=chinese) for heading in HEADINGS), *examples]]
    for column in columns:
        need = in_language(REQUIRED if column.required else OPTIONAL, chinese=chinese)
        texts = ((column.guide.en, column.guide.zh), FORMS[column.meaning])
        content = ("" if chinese else " ").join(filter(None, (in_language(each, chinese=chinese) for each in texts)))
        words = ("、" if chinese else ", ").join(offered(column.words, chinese=chinese))
        shown = (column.guide.examples_zh if chinese else ()) or column.guide.examples or ("", "")
        rows.append([f"“{column.name(chinese=chinese)}”", need, content, words, *shown])
    return rows


def offered(words: Mapping[str, object], *, chinese: bool) -> list[str]:
    """Return one word for each value, in this language if it has one."""
    return list(word_by_value(words, chinese=chinese).values())


def word_by_value(words: Mapping[str, object], *, chinese: bool) -> dict[object, str]:
    of_language = {value: word for word, value in reversed([*words.items()]) if word.isascii() != chinese}
    return {value: of_language.get(value, word) for word, value in words.items()}
