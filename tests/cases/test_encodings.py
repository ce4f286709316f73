"""Cases 9 and 13: the encodings and separators of text files."""

import pytest

from tests.cases.tables import cells_of, customers, noted, refused


def test_09_text_in_code_page_1252_is_refused_with_its_line() -> None:
    error = refused("customer_number;customer_name\n1;Müller GmbH\n".encode("cp1252"))
    assert (error.code, error.row) == ("unknown-encoding", 2)


def test_09_one_bad_byte_in_utf_8_refuses_the_file_with_its_line() -> None:
    error = refused("客户名称\n上海腾云\n北京".encode() + b"\xff" + "新创\n".encode())
    assert (error.code, error.row) == ("broken-encoding", 3)
    assert "3" in error.en
    assert "3" in error.zh


@pytest.mark.parametrize("encoding", ["big5", "shift_jis"])
def test_09_private_characters_and_other_scripts_are_refused(encoding: str) -> None:
    text = {"big5": "臺灣積體電路製造股份有限公司", "shift_jis": "トヨタ自動車"}[encoding]
    assert refused(f"name\n{text}\n".encode(encoding)).code == "unknown-encoding"


@pytest.mark.parametrize("name", ["騰雲國際", "北京鑫晟淼科技有限公司", "朱镕基", "A座B栋"])
def test_09_uncommon_characters_under_a_chinese_header_are_read(name: str) -> None:
    [row] = customers(f"客户名称\n{name}\n".encode("gb18030")).rows
    assert row.cells["name"] == name


@pytest.mark.parametrize("start", ["sep=;\n", "sep=;\r\n", '"sep=;"\n', "SEP=;\n"])
def test_13_the_line_that_names_the_separator_is_not_a_row(start: str) -> None:
    [row] = customers(f"{start}客户编号;客户名称\nKH-1;A,B\n").rows
    assert (row.number, cells_of(row, "number", "name")) == (2, ["KH-1", "A,B"])


@pytest.mark.parametrize("written", ['="00123"', '"=""00123"""', "'00123"])
def test_13_digits_that_excel_takes_as_text_are_text(written: str) -> None:
    table = customers(f"客户编号,客户名称\n{written},A\n")
    assert table.rows[0].cells["number"] == "00123"
    assert noted(table, "text-mark") == [("客户编号", [2])]


def test_13_an_apostrophe_of_a_name_stays() -> None:
    assert customers("客户名称\n't Hoen BV\n").rows[0].cells["name"] == "'t Hoen BV"


def test_13_a_quoted_cell_may_follow_a_space() -> None:
    assert cells_of(customers('客户编号, 客户名称\nKH-1, "A, B"\n').rows[0], "number", "name") == ["KH-1", "A, B"]


def test_13_the_euro_sign_of_code_page_936_is_read() -> None:
    content = "客户名称\n欧元".encode("gbk") + b"\x80" + "公司\n".encode("gbk")
    assert customers(content).rows[0].cells["name"] == "欧元€公司"
