"""A preview says what the import of a file does, and stores nothing."""

import asyncio
import os
import threading
from typing import Any

import pytest

from chassis.files import preview, row_pieces
from chassis.files.preview import PREVIEWS_AT_ONCE
from chassis.files.refusal import UnreadableTableError
from chassis.files.spreadsheet import OpenedTable
from tests.integration.customer.conftest import Api
from tests.integration.customer.test_imports import finished, rows_of, send
from tests.integration.customer.test_search import level
from tests.support.digests import digests

# The size of the thread pool that `asyncio.to_thread` and `getaddrinfo` share.
THREADS_OF_ASYNCIO = min(32, (os.cpu_count() or 1) + 4)
CUSTOMERS = """客户编号,客户名称,客户分层,负责人,最近沟通时间,更名
KH-1,上海腾云,VIP,李强,2024-06-01,
KH-2,北京新创,钻石,李强,2024-06-01,
KH-3,深圳远航,普通,王敏,2024-06-01,
KH-3,深圳远航,成长型,王敏,2024-06-02,
KH-3,另一公司,普通,王敏,2024-06-01,
,广州明珠,普通,,,
,广州 明珠,普通,,,
KH-4,广州明珠,普通,,,
合计,4,,,,
"""
ORDERS = """订单编号,客户编号,客户名称,金额,下单日期,交付日期
SO-1,KH-1,,100,2024-06-01,
SO-2,KH-1,,100,2024-06-01,2024-06-05
SO-2,KH-1,,100,2024-06-01,2024-06-05
SO-3,KH-1,,100,2024-06-01,
SO-3,KH-1,,200,2024-06-01,
SO-4,KH-9,,100,2024-06-01,
SO-5,KH-1,,100,2024-06-05,2024-06-01
"""
CONTRACTS = """合同编号,客户编号,金额,签订日期,开始日期,结束日期,续签意向
HT-1,KH-1,100,2024-06-01,2024-06-01,2025-06-01,是
HT-2,KH-1,100,2024-06-01,2024-06-01,2025-06-01,
HT-2,KH-1,100,2024-06-01,2024-06-01,2025-06-01,否
HT-2,KH-1,100,2024-06-01,2024-06-01,2025-06-01,否
HT-3,KH-1,x,2024-06-01,2024-06-01,2025-06-01,
"""
KNOWN = {
    "customers": "客户编号,客户名称,客户分层,负责人,最近沟通时间\nKH-1,上海腾云,VIP,李强,2024-06-01\n",
    "orders": "订单编号,客户编号,金额,下单日期\nSO-1,KH-1,100,2024-06-01\nSO-2,KH-1,100,2024-06-01\n",
    "contracts": (
        "合同编号,客户编号,金额,签订日期,开始日期,结束日期,续签意向\n"
        "HT-1,KH-1,100,2024-06-01,2024-06-01,2025-06-01,是\n"
    ),
}


async def previewed(api: Api, content: str, kind: str = "customers") -> dict[str, Any]:
    response = await send(api, content.encode(), query=f"?kind={kind}&preview=true")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def imported(api: Api, content: str, kind: str) -> dict[str, Any]:
    return await finished(api, await send(api, content.encode(), query=f"?kind={kind}"))


@pytest.mark.parametrize(
    ("kind", "content", "outcomes"),
    [
        ("customers", CUSTOMERS, {"created", "changed", "unchanged", "failed"}),
        ("orders", ORDERS, {"created", "changed", "unchanged", "failed"}),
        ("contracts", CONTRACTS, {"created", "changed", "unchanged", "failed"}),
    ],
)
async def test_an_import_does_what_its_preview_says(api: Api, kind: str, content: str, outcomes: set[str]) -> None:
    for known in dict.fromkeys(("customers", kind)):
        await imported(api, KNOWN[known], known)
    await api.listed(1)
    told = await previewed(api, content, kind)
    batch = await imported(api, content, kind)
    assert told["counts"] == batch["counts"]
    assert told["items"] == await rows_of(api, batch)
    assert set(told["counts"]) == outcomes
    assert (told["rows"], told["previewed"], told["notes"]) == (batch["rows"], batch["rows"], batch["notes"])


@pytest.mark.parametrize(("kind", "content"), [("customers", CUSTOMERS), ("orders", ORDERS), ("contracts", CONTRACTS)])
async def test_a_preview_changes_no_table(api: Api, kind: str, content: str) -> None:
    for known, file in KNOWN.items():
        await imported(api, file, known)
    await api.listed(1)
    await level(api)
    before = await digests(api.pool)
    told = await previewed(api, content, kind)
    assert told["counts"]["created"]
    assert await digests(api.pool) == before


async def test_the_first_rows_of_a_long_file_are_previewed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert preview.PREVIEWED_ROWS <= 5_000
    monkeypatch.setattr(preview, "PREVIEWED_ROWS", 2)
    told = await previewed(api, CUSTOMERS)
    assert (told["rows"], told["previewed"], len(told["items"])) == (9, 2, 2)


async def test_fewer_rows_are_previewed_if_they_are_long_and_all_are_imported(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_pieces, "PIECE_CHARACTERS", 1)
    told = await previewed(api, CUSTOMERS)
    assert (told["rows"], told["previewed"], len(told["items"])) == (9, 1, 1)
    batch = await imported(api, CUSTOMERS, "customers")
    assert (batch["rows"], len(await rows_of(api, batch))) == (9, 9)


async def test_one_file_is_previewed_at_a_time(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    running: set[object] = set()
    at_once: list[int] = []
    results = preview.results

    async def counted(*given: Any) -> Any:
        running.add(asyncio.current_task())
        at_once.append(len(running))
        found = await results(*given)
        running.discard(asyncio.current_task())
        return found

    monkeypatch.setattr(preview, "results", counted)
    await asyncio.gather(*(previewed(api, CUSTOMERS) for _ in range(3)))
    assert (max(at_once), PREVIEWS_AT_ONCE) == (1, 1)


async def test_a_preview_that_takes_too_long_is_given_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "PREVIEW_SECONDS", 0.0)
    response = await send(api, CUSTOMERS.encode(), query="?preview=true")
    assert (response.status_code, response.json()["retryable"]) == (503, True)


async def test_a_file_that_cannot_be_read_has_no_preview(api: Api) -> None:
    response = await send(api, b"%PDF-1.7", query="?preview=true")
    assert (response.status_code, response.json()["errors"][0]["rule"]) == (422, "other-format")


async def test_files_of_previews_that_were_given_up_are_not_read_at_once(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()
    at_once: list[int] = []
    reading: set[int] = set()

    def slow(*_: Any) -> OpenedTable:
        reading.add(threading.get_ident())
        at_once.append(len(reading))
        ended.wait(60)
        reading.discard(threading.get_ident())
        raise UnreadableTableError("unreadable-workbook")

    with monkeypatch.context() as patched:
        patched.setattr(preview, "open_table", slow)
        patched.setattr(preview, "PREVIEW_SECONDS", 0.2)
        for _ in range(THREADS_OF_ASYNCIO):
            assert (await send(api, CUSTOMERS.encode(), query="?preview=true")).status_code == 503
    try:
        assert at_once == [PREVIEWS_AT_ONCE]
        async with asyncio.timeout(10):
            await asyncio.to_thread(lambda: None)
    finally:
        ended.set()
    assert (await previewed(api, CUSTOMERS))["rows"] == 9


async def test_files_are_read_without_the_threads_of_asyncio(api: Api) -> None:
    ended = threading.Event()
    waiting = [asyncio.create_task(asyncio.to_thread(ended.wait, 60)) for _ in range(THREADS_OF_ASYNCIO)]
    try:
        async with asyncio.timeout(30):
            assert (await previewed(api, CUSTOMERS))["rows"] == 9
            assert (await send(api, CUSTOMERS.encode())).status_code == 202
    finally:
        ended.set()
        await asyncio.gather(*waiting)
