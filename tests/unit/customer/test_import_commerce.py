"""The commands of a row of orders or contracts."""

from datetime import UTC, date, datetime
from typing import cast

import pytest

from chassis.files.formats import CSV_TYPE
from chassis.files.importer import RowProblemError
from chassis.store.pseudonym import Pseudonyms
from contracts.customer import ContractKind, RenewalIntent
from services.customer.commands import (
    CancelOrder,
    DeliverOrder,
    EndContract,
    ExternalReference,
    PlaceOrder,
    SignContract,
    StateRenewalIntent,
)
from services.customer.commerce.recording import Commerce
from services.customer.imports.commerce import ContractImport, OrderImport
from services.customer.imports.commerce_columns import CONTRACT_COLUMNS, ORDER_COLUMNS
from services.customer.imports.customer_lookup import CustomerLookup
from tests.support.tables import read_table

# Reading a row needs none of them.
COMMERCE, LOOKUP, PSEUDONYMS = cast("Commerce", None), cast("CustomerLookup", None), cast("Pseudonyms", None)
ORDERS = OrderImport(COMMERCE, LOOKUP, PSEUDONYMS, "Asia/Shanghai")
CONTRACTS = ContractImport(COMMERCE, LOOKUP, PSEUDONYMS, "Asia/Shanghai")
CHINESE = (
    "订单编号,客户编号,金额,币种,产品类别,下单日期,交付日期\n"
    'SO-1,KH-1,"12,800.50",人民币,servers,2024-06-01,2024-06-08\n'
)
ENGLISH = (
    "order_number,customer_number,amount,currency,category,placed_on,delivered_on\n"
    "SO-1,KH-1,12800.50,CNY,servers,2024/6/1,2024/6/8\n"
)
NINE = datetime(2024, 6, 1, 1, tzinfo=UTC)


def order_row(text: str) -> dict[str, str]:
    return read_table(text.encode(), CSV_TYPE, ORDER_COLUMNS).rows[0].cells


def contract_row(text: str) -> dict[str, str]:
    return read_table(text.encode(), CSV_TYPE, CONTRACT_COLUMNS).rows[0].cells


@pytest.mark.parametrize("text", [CHINESE, ENGLISH])
def test_both_languages_tell_of_the_same_order(text: str) -> None:
    place, deliver = ORDERS.commands_of(order_row(text))
    assert isinstance(place, PlaceOrder)
    expected = PlaceOrder(
        external=ExternalReference(system="file", id="SO-1"),
        amount_minor=1_280_050,
        currency="CNY",
        category="servers",
        occurred_at=NINE,
    )
    assert place.model_dump() == expected.model_dump()
    assert isinstance(deliver, DeliverOrder)
    assert deliver.occurred_at == datetime(2024, 6, 8, 1, tzinfo=UTC)


def test_a_cancelled_order_says_when_and_why() -> None:
    text = "订单编号,客户编号,金额,下单日期,取消日期,取消原因\nSO-1,KH-1,1,2024-06-01,2024-06-02,too-late\n"
    _, cancel = ORDERS.commands_of(order_row(text))
    assert isinstance(cancel, CancelOrder)
    assert (cancel.reason, cancel.occurred_at) == ("too-late", datetime(2024, 6, 2, 1, tzinfo=UTC))


@pytest.mark.parametrize(("written", "code"), [("价格", "price"), ("", "stated-by-source"), ("too-late", "too-late")])
def test_a_reason_is_a_word_or_a_code(written: str, code: str) -> None:
    text = f"订单编号,客户编号,金额,下单日期,取消日期,取消原因\nSO-1,KH-1,1,2024-06-01,2024-06-02,{written}\n"
    _, cancel = ORDERS.commands_of(order_row(text))
    assert isinstance(cancel, CancelOrder)
    assert cancel.reason == code


@pytest.mark.parametrize(
    ("cancelled", "written", "column", "code"),
    [("2024-06-02", "张三说不要了", "取消原因", "unknown-word"), ("", "价格", "取消日期", "missing")],
)
def test_a_reason_is_never_dropped(cancelled: str, written: str, column: str, code: str) -> None:
    text = f"订单编号,客户编号,金额,下单日期,取消日期,取消原因\nSO-1,KH-1,1,2024-06-01,{cancelled},{written}\n"
    with pytest.raises(RowProblemError) as caught:
        ORDERS.commands_of(order_row(text))
    assert (caught.value.document["column"], caught.value.document["code"]) == (column, code)


def test_a_product_category_may_be_chinese() -> None:
    place, *_ = ORDERS.commands_of(
        order_row("订单编号,客户编号,金额,产品类别,下单日期\nSO-1,KH-1,1,定制件,2024-06-01\n")
    )
    assert isinstance(place, PlaceOrder)
    assert place.category == "定制件"


def test_a_contract_that_has_ended_keeps_its_renewal_intent() -> None:
    header = "合同编号,客户编号,金额,签订日期,开始日期,终止日期,终止原因,续签意向"
    text = f"{header}\nHT-1,KH-1,100,2024-06-01,2024-06-01,2024-12-31,停业,否\n"
    _, intent, end = CONTRACTS.commands_of(contract_row(text))
    assert isinstance(intent, StateRenewalIntent)
    assert isinstance(end, EndContract)
    assert (intent.intent, end.reason) == (RenewalIntent.NO, "closed-down")


def test_a_contract_is_recorded_with_its_term_and_the_renewal_intent() -> None:
    text = (
        "合同编号,客户编号,金额,合同类型,签订日期,开始日期,结束日期,续签意向\n"
        "HT-1,KH-1,100,长期合作协议,2024-06-01,2024-06-01,2025-05-31,是\n"
    )
    sign, intent = CONTRACTS.commands_of(contract_row(text))
    assert isinstance(sign, SignContract)
    assert (sign.kind, sign.ends_on, sign.amount_minor) == (ContractKind.STRATEGIC, date(2025, 5, 31), 10_000)
    assert isinstance(intent, StateRenewalIntent)
    assert intent.intent is RenewalIntent.YES


def test_a_contract_that_has_ended_says_so() -> None:
    text = "合同编号,客户编号,金额,签订日期,开始日期,终止日期\nHT-1,KH-1,100,2024-06-01,2024-06-01,2024-12-31\n"
    _, end = CONTRACTS.commands_of(contract_row(text))
    assert isinstance(end, EndContract)
    assert end.reason == "stated-by-source"


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("SO-1,KH-1,0.001,,2024-06-01", "金额", "not-an-amount"),
        ("SO-1,KH-1,1,,", "下单日期", "missing"),
        (",KH-1,1,,2024-06-01", "订单编号", "missing"),
    ],
)
def test_a_cell_that_does_not_fit_is_named_by_its_column(row: str, column: str, code: str) -> None:
    with pytest.raises(RowProblemError) as caught:
        ORDERS.commands_of(order_row(f"订单编号,客户编号,金额,币种,下单日期\n{row}\n"))
    assert (caught.value.document["column"], caught.value.document["code"]) == (column, code)


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("SO-1,KH-1,viel,,2024-06-01", "金额", "not-an-amount"),
        ("SO-1,KH-1,1,,gestern", "下单日期", "not-a-date"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named_by_its_column(row: str, column: str, code: str) -> None:
    text = f"订单编号,客户编号,金额,币种,下单日期\n{row}\n"
    fault = read_table(text.encode(), CSV_TYPE, ORDER_COLUMNS).rows[0].fault
    assert fault
    assert (fault["column"], fault["code"]) == (column, code)
