"""The fixtures have the same content in both languages and both file formats."""

from pathlib import Path

from chassis.files.formats import CSV_TYPE, XLSX_TYPE
from chassis.files.table import Column
from tests.support.tables import Table, read_table

FIXTURES = Path(__file__).parents[3] / "demo" / "fixtures"

CUSTOMER_COLUMNS = [
    Column("name", ("客户名称", "customer_name"), required=True),
    Column("tier", ("客户分层", "tier"), required=True),
    Column("owner", ("负责人", "owner"), required=True),
    Column("last_contact_on", ("最近沟通时间", "last_contact_on"), required=True),
    Column("need_type", ("需求类型", "need_type"), required=True),
    Column("follow_up_status", ("跟进状态", "follow_up_status"), required=True),
]
FOLLOW_UP_COLUMNS = [
    Column("customer", ("跟进客户", "customer"), required=True),
    Column("followed_up_on", ("跟进时间", "followed_up_on"), required=True),
    Column("content", ("跟进内容", "content"), required=True),
    Column("owner", ("负责人员", "owner"), required=True),
    Column("status", ("状态", "status"), required=True),
]


def cells(table: Table) -> list[tuple[str, ...]]:
    return [tuple(row.cells.values()) for row in table.rows]


def customers(name: str, content_type: str = CSV_TYPE) -> list[tuple[str, ...]]:
    return cells(read_table((FIXTURES / name).read_bytes(), content_type, CUSTOMER_COLUMNS))


def followups(name: str) -> list[tuple[str, ...]]:
    return cells(read_table((FIXTURES / name).read_bytes(), CSV_TYPE, FOLLOW_UP_COLUMNS))


def test_the_customers_are_the_three_of_the_story() -> None:
    assert customers("customers.csv") == [
        ("上海腾云", "VIP", "王敏", "2024-06-01", "定制服务", "已报价"),
        ("北京新创", "成长型", "李强", "2024-05-28", "产品升级", "跟进中"),
        ("广州蓝海", "普通", "赵磊", "2024-05-30", "售后咨询", "已解决"),
    ]


def test_the_workbook_holds_the_same_customers() -> None:
    assert customers("customers.xlsx", XLSX_TYPE) == customers("customers.csv")


def test_the_english_customers_are_the_same_companies_on_the_same_days() -> None:
    assert customers("customers.en.csv") == [
        ("上海腾云", "VIP", "Wang Min", "2024-06-01", "custom-service", "quoted"),
        ("北京新创", "growth", "Li Qiang", "2024-05-28", "upgrade", "in-progress"),
        ("广州蓝海", "ordinary", "Zhao Lei", "2024-05-30", "after-sales", "solved"),
    ]


def test_the_follow_ups_are_the_three_of_the_story() -> None:
    assert followups("followups.csv") == [
        ("北京新创", "2024-06-05", "产品升级说明", "李强", "已完成"),
        ("上海腾云", "2024-06-03", "合同续签沟通", "王敏", "跟进中"),
        ("广州蓝海", "2024-06-02", "售后问题处理", "赵磊", "已解决"),
    ]


def test_the_english_follow_ups_are_the_same_three() -> None:
    assert followups("followups.en.csv") == [
        ("北京新创", "2024-06-05", "Explained the product upgrade", "Li Qiang", "done"),
        ("上海腾云", "2024-06-03", "Discussed the contract renewal", "Wang Min", "in-progress"),
        ("广州蓝海", "2024-06-02", "Handled the after-sales problem", "Zhao Lei", "solved"),
    ]
