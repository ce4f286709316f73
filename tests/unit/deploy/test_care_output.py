"""What `care` prints: tables that truncate nothing, and which kind of file a name tells."""

import io

import pytest
from rich.console import Console
from rich.table import Table

from deploy.care import output
from deploy.care.rest import kind_in
from deploy.doctor import examination
from deploy.doctor.findings import Finding
from deploy.stack.text import Text

NARROW = 30


LONG = "单元格是错误值，或是没有计算结果的公式。请更正后重新保存。"


def test_a_narrow_table_shows_every_character_of_a_long_chinese_reason() -> None:
    table = output.table(Text("Row", "行"), Text("Reason", "原因"), whole=0)
    table.add_row("3", LONG)
    assert is_whole(table)


def test_a_narrow_table_of_the_doctor_shows_every_character_of_a_long_advice() -> None:
    assert is_whole(examination.table([Finding(Text("x", "x"), Text("y", "y"), Text(LONG, LONG), ok=False)], "zh"))


def is_whole(table: Table) -> bool:
    """Return whether each character of the long text is printed, in order."""
    shown = io.StringIO()
    Console(file=shown, width=NARROW).print(table)
    return [each for each in shown.getvalue() if each in LONG] == list(LONG)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Customers-2026.csv", "customers"),
        ("华东客户.xlsx", "customers"),
        ("订单.xlsx", "orders"),
        ("2026年合同台账.xlsx", "contracts"),
        ("跟进记录.csv", "followups"),
        ("客户订单.xlsx", None),
        ("客户跟进记录.xlsx", None),
        ("台账.xlsx", None),
    ],
)
def test_54_the_name_of_a_file_tells_its_kind_unless_it_tells_two(name: str, kind: str | None) -> None:
    assert kind_in(name) == kind
