"""A customer has a limited number of orders, quotes and contracts. Other customers are not concerned."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from chassis.commands.command import Command
from chassis.commands.item_limit import MAX_ALLOWANCE, SHARE, ItemLimit, TooManyItemsError
from contracts.customer import QuoteIssued
from contracts.examples import example
from services.customer import limits
from tests.integration.customer.conftest import Api
from tests.integration.customer.test_commerce import MONEY, TERM, listed, made
from tests.support.waiting import eventually

FEW = 2
KINDS: list[tuple[str, dict[str, Any]]] = [("orders", MONEY), ("quotes", MONEY), ("contracts", TERM)]


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPEN_ORDERS", "QUOTES", "RUNNING_CONTRACTS"):
        monkeypatch.setattr(limits, name, replace(getattr(limits, name), limit=FEW))


@pytest.mark.parametrize(("noun", "body"), KINDS)
async def test_one_more_than_the_limit_is_rejected_for_this_customer_only(
    api: Api, noun: str, body: dict[str, Any]
) -> None:
    customer, other = await api.registered(), await api.registered()
    keys = [str(uuid4()) for _ in range(FEW)]
    paths = [await made(api, f"{customer}/{noun}", body, **{"Idempotency-Key": key}) for key in keys]
    for language, word in (("en", f"at most {FEW} "), ("zh-CN", f"最多 {FEW} ")):
        refused = await api.post(f"{customer}/{noun}", body, **{"Accept-Language": language})
        assert (refused.status_code, refused.json()["code"]) == (409, "too-many-items")
        assert word in refused.json()["detail"]
        await listed(api, f"{customer}/{noun}", FEW)
    assert await made(api, f"{customer}/{noun}", body, **{"Idempotency-Key": keys[-1]}) == paths[-1]
    await made(api, f"{other}/{noun}", body)


async def test_an_order_that_is_delivered_makes_room_for_another_one(api: Api) -> None:
    customer = await api.registered()
    first, _ = [await made(api, f"{customer}/orders", MONEY) for _ in range(FEW)]
    await api.post(f"{first}/delivery", None)

    async def delivered() -> bool:
        return "delivered" in {each["state"] for each in (await api.get(f"{customer}/orders")).json()["items"]}

    await eventually(delivered)
    await made(api, f"{customer}/orders", MONEY)


async def test_a_quote_is_issued_again_also_at_the_limit(api: Api) -> None:
    customer = await api.registered()
    first, _ = [await made(api, f"{customer}/quotes", MONEY) for _ in range(FEW)]
    issued = await api.post(f"{first}/issue", MONEY | {"amount_minor": 1})
    assert issued.status_code == 200, issued.text


class Pool:
    """Counts the items of a customer, and how often that was asked."""

    def __init__(self, items: int) -> None:
        self.items = items
        self.asked = 0

    async def fetchval(self, *_arguments: Any) -> int:
        self.asked += 1
        return self.items


@pytest.mark.parametrize(("known", "limit"), [(0, 1_000), (900, 1_000), (999, 1_000), (0, 5), (0, 1)])
async def test_a_customer_far_from_its_limit_is_not_counted_each_time_and_never_exceeds_it(
    known: int, limit: int
) -> None:
    pool = Pool(known)
    kind = replace(limits.QUOTES, limit=limit)
    checked = ItemLimit(pool, "customer-list", kind)  # type: ignore[arg-type]
    customer, event = uuid4(), example(QuoteIssued)

    async def fill() -> None:
        while True:
            await checked.check(customer, Command(), [event], is_new=True)
            pool.items += 1

    with pytest.raises(TooManyItemsError):
        await fill()
    assert pool.items == limit
    assert pool.asked <= (limit - known) // 2 + SHARE


async def test_each_further_process_exceeds_the_limit_by_its_allowance_at_most() -> None:
    pool, processes = Pool(0), 3
    kind = replace(limits.QUOTES, limit=1_000)
    checked = [ItemLimit(pool, "customer-list", kind) for _ in range(processes)]  # type: ignore[arg-type]
    customer, event, refused = uuid4(), example(QuoteIssued), 0
    while refused < processes:
        refused = 0
        for each in checked:
            try:
                await each.check(customer, Command(), [event], is_new=True)
                pool.items += 1
            except TooManyItemsError:
                refused += 1
    assert pool.items <= 1_000 + MAX_ALLOWANCE * (processes - 1)


async def test_the_items_are_counted_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.commands.item_limit.ALLOWANCE_SECONDS", 0.05)
    pool = Pool(0)
    checked = ItemLimit(pool, "customer-list", replace(limits.QUOTES, limit=1_000))  # type: ignore[arg-type]
    customer, event = uuid4(), example(QuoteIssued)
    await checked.check(customer, Command(), [event], is_new=True)
    await checked.check(customer, Command(), [event], is_new=True)
    assert pool.asked == 1
    await asyncio.sleep(0.06)
    pool.items = 1_000
    with pytest.raises(TooManyItemsError):
        await checked.check(customer, Command(), [event], is_new=True)
