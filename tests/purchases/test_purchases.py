"""All purchases of 23,570 customers of a shop, CDNOW, from January 1997 to June 1998: no customer and no cent is lost.

The totals are known from the literature about this data set, not from our own code.
"""

import csv
import io
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from time import perf_counter
from typing import Any

import asyncpg
import pytest

from chassis.files.export import write_csv
from tests.support.product import Product
from tests.support.waiting import eventually

pytestmark = pytest.mark.nightly

HOUR_SECONDS = 3_600
OF_ONE_CUSTOMER = "SELECT customer_id, count(*) AS orders, sum(amount_minor) AS amount FROM bi.fct_orders GROUP BY 1"
BY_SQL = f"""
    SELECT (SELECT count(*) FROM bi.dim_customers)::bigint, sum(orders)::bigint, sum(amount)::bigint,
        count(*) FILTER (WHERE orders > 1)
    FROM ({OF_ONE_CUSTOMER}) each
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """`revenue_minor` is in cents; `bought_again` counts the customers with more than one order."""

    customers: int
    orders: int
    revenue_minor: int
    bought_again: int


KNOWN = Figures(customers=23_570, orders=69_659, revenue_minor=250_031_563, bought_again=11_662)


async def test_all_customers_and_orders_of_a_shop_give_the_known_figures_by_rest_and_by_sql(
    product: Product, purchases: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    started_at = perf_counter()
    await imported(product, customers_file(purchases), "customers")
    await imported(product, orders_file(purchases), "orders")
    imported_at = datetime.now(UTC)
    imported_after = perf_counter() - started_at

    async def reporting_is_complete() -> bool:
        funnel = await product.client.get("reporting", "/v1/reports/stage-funnel")
        until = funnel["complete_until"]
        return until is not None and datetime.fromisoformat(until) > imported_at

    await eventually(reporting_is_complete, within=HOUR_SECONDS)
    with capsys.disabled():
        print(f"\nimported after {imported_after:.0f} s, reported after {perf_counter() - started_at:.0f} s")  # noqa: T201

    assert await by_sql(product) == KNOWN
    assert await by_rest(product) == KNOWN


def customers_file(bought: list[list[str]]) -> bytes:
    """Return the customers, whose names are numbers, each registered on the day of the first purchase."""
    first_days: dict[str, str] = {}
    for number, day, *_ in bought:
        first_days[number] = min(day, first_days.get(number, day))
    rows = [[number, f"Customer {number}", day] for number, day in first_days.items()]
    return write_csv(["customer_number", "customer_name", "registered_on"], rows)


def orders_file(bought: list[list[str]]) -> bytes:
    """Return the orders. The data set has no numbers of orders; here they count the orders of a customer."""
    counts: Counter[str] = Counter()
    rows = []
    for number, day, _, amount in bought:
        counts[number] += 1
        rows.append([f"{number}-{counts[number]}", number, amount, "USD", day])
    return write_csv(["order_number", "customer_number", "amount", "currency", "placed_on"], rows)


async def imported(product: Product, content: bytes, kind: str) -> None:
    import_id = await product.client.send_file("customer", content, kind)
    batch: dict[str, Any] = {}

    async def has_ended() -> bool:
        batch.update(await product.client.get("customer", f"/v1/imports/{import_id}"))
        return bool(batch["status"] == "succeeded")

    await eventually(has_ended, within=HOUR_SECONDS)
    assert batch["counts"] == {"created": batch["rows"]}


async def by_sql(product: Product) -> Figures:
    reader = await asyncpg.connect(product.environment["CARE_BI_READER_URL"])
    try:
        found = await reader.fetch(BY_SQL)
        return Figures(*found[0])
    finally:
        await reader.close()


async def by_rest(product: Product) -> Figures:
    """Count the customers of reporting, and the orders in the files that the customer service exports."""
    funnel = await product.client.get("reporting", "/v1/reports/stage-funnel")
    orders, revenue = Counter[str](), Decimal()
    address = "/v1/exports?kind=orders"
    while address:
        response = await product.client.http.get(product.client.urls["customer"] + address)
        text = response.raise_for_status().content.decode("utf-8-sig")
        for line in csv.DictReader(io.StringIO(text)):
            assert line["currency"] == "USD"
            orders[line["customer_number"]] += 1
            revenue += Decimal(line["amount"])
        address = response.headers.get("link", "").partition(">")[0].removeprefix("<")
    return Figures(
        customers=sum(stage["customers"] for stage in funnel["stages"]),
        orders=orders.total(),
        revenue_minor=int(revenue.scaleb(2)),
        bought_again=sum(count > 1 for count in orders.values()),
    )
