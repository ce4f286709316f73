"""Cases 38 and 41: large files, and short files beside them."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from threading import get_ident
from typing import Any
from uuid import UUID
from zipfile import ZIP_DEFLATED

import asyncpg
import httpx
import pytest

from chassis.files import imports
from chassis.files.formats import XLSX_TYPE
from chassis.files.importer import RowOutcome, RowResult
from chassis.files.imports import FILES_AT_ONCE, ROWS_OF_A_PIECE, ROWS_OF_A_TURN
from chassis.files.spreadsheet import OpenedTable, open_table
from chassis.files.table import MAX_ROWS, Column
from chassis.files.turns import Turns
from chassis.postgres.database import Pool
from tests.integration.customer.conftest import Api, service_on
from tests.integration.customer.test_imports import finished, send
from tests.support.servers import Database
from tests.unit.chassis.issuer import Issuer, client_of
from tests.unit.chassis.test_spreadsheet import book_of

CELL = '<c t="inlineStr"><is><t>{}</t></is></c>'
ORDERS = 69_659
# What one statement may store. Unlike a time, this does not depend on the machine.
LIMITED = f"""
    CREATE FUNCTION limit_statement() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (SELECT count(*) FROM added) > {ROWS_OF_A_PIECE} THEN RAISE EXCEPTION 'too much for one statement'; END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER limit_statement AFTER INSERT ON import_row REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION limit_statement();
"""


@pytest.fixture
async def idle_api(pool: Pool, issuer: Issuer) -> AsyncIterator[Api]:
    """The API without its importer: files are stored, and their rows wait."""
    service = service_on(pool)
    async with client_of(service.app) as client:
        yield Api(service, issuer, client, pool)


@pytest.fixture
async def owner(database: Database) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    opened = await asyncpg.connect(database.admin)
    yield opened
    await opened.close()


def orders(count: int) -> bytes:
    lines = (f"SO-{number},KH-{number % 2000},{number}.00,2024-06-01\n" for number in range(count))
    return ("订单编号,客户编号,金额,下单日期\n" + "".join(lines)).encode()


async def test_38_a_file_of_many_rows_is_stored_in_pieces(
    idle_api: Api, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await owner.execute(LIMITED)
    response = await send(idle_api, orders(ORDERS), query="?kind=orders")
    assert response.status_code == 202, response.text
    stored = await idle_api.pool.fetchrow("SELECT count(*), min(number), max(number) FROM import_row")
    assert tuple(stored or ()) == (ORDERS, 2, ORDERS + 1)


async def test_38_a_limited_number_of_files_is_read_at_once(idle_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    read_at_once: list[int] = []
    reading: set[int] = set()

    def counted(*given: Any) -> OpenedTable:
        reading.add(get_ident())
        read_at_once.append(len(reading))
        opened = open_table(*given)
        reading.discard(get_ident())
        return opened

    monkeypatch.setattr(imports, "open_table", counted)
    files = [send(idle_api, orders(5 * ROWS_OF_A_PIECE), query="?kind=orders") for _ in range(FILES_AT_ONCE + 2)]
    assert {response.status_code for response in await asyncio.gather(*files)} == {202}
    assert max(read_at_once) <= FILES_AT_ONCE


async def test_38_nothing_is_stored_of_a_file_that_was_interrupted(
    idle_api: Api, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await owner.execute(f"ALTER TABLE import_row ADD CHECK (number < {2 * ROWS_OF_A_PIECE})")
    response = await send(idle_api, orders(3 * ROWS_OF_A_PIECE), query="?kind=orders")
    assert response.status_code == 500
    stored = "SELECT (SELECT count(*) FROM import_batch) + (SELECT count(*) FROM import_row)"
    assert await idle_api.pool.fetchval(stored) == 0


def customers(numbers: range, tier: str = "普通") -> bytes:
    return ("客户编号,客户名称,客户分层\n" + "".join(f"KH-{n},公司{n}号,{tier}\n" for n in numbers)).encode()


async def both_done(api: Api, long: httpx.Response, short: httpx.Response) -> tuple[dict[str, Any], dict[str, Any]]:
    return await finished(api, long), await finished(api, short)


@pytest.mark.parametrize(
    ("short_file", "query"),
    [
        (customers(range(9_000, 9_001)), ""),
        ("订单编号,客户编号,金额,下单日期\nSO-1,KH-1,1,2024-06-01\n".encode(), "?kind=orders"),
    ],
)
async def test_41_a_short_file_is_not_held_up_by_a_long_one(api: Api, short_file: bytes, query: str) -> None:
    await finished(api, await send(api, customers(range(2))))
    lines = (f"SO-A{number},KH-1,1,2024-06-01\n" for number in range(10 * ROWS_OF_A_TURN))
    long_file = ("订单编号,客户编号,金额,下单日期\n" + "".join(lines)).encode()
    sent = await send(api, long_file, query="?kind=orders")
    long, short = await both_done(api, sent, await send(api, short_file, query=query))
    assert long["counts"] == {"created": 10 * ROWS_OF_A_TURN}
    assert short["counts"] == {"created": 1}
    assert short["ended_at"] < long["ended_at"]


async def test_41_a_later_file_about_the_same_customer_is_imported_after_the_earlier_one(api: Api) -> None:
    last = 3 * ROWS_OF_A_TURN
    earlier = await send(api, customers(range(last + 1)))
    later = await send(api, customers(range(last, last + 1), "VIP"))
    first, second = await both_done(api, earlier, later)
    assert second["counts"] == {"changed": 1}
    assert first["ended_at"] < second["ended_at"]


async def test_41_an_order_waits_for_the_file_that_registers_its_customer(api: Api) -> None:
    last = 3 * ROWS_OF_A_TURN
    earlier = await send(api, customers(range(last + 1)))
    by_name = f"订单编号,客户名称,金额,下单日期\nSO-1,公司{last}号,1,2024-06-01\n".encode()
    _, order = await both_done(api, earlier, await send(api, by_name, query="?kind=orders"))
    assert order["counts"] == {"created": 1}


async def test_41_files_are_served_in_turn_and_none_by_two_processes(pool: Pool, idle_api: Api) -> None:
    one, other = Turns(pool), Turns(pool)
    [long, *short] = [await accepted(idle_api, number) for number in range(3)]
    first, second = await one.next(), await other.next()
    assert first
    assert second
    assert [first.batch_id, second.batch_id] == [long, short[0]]
    await one.end(first, [])
    served = [await one.next() for _ in range(3)]
    assert [turn and turn.batch_id for turn in served] == [short[1], long, None]


async def test_41_a_row_that_two_processes_ran_counts_once(pool: Pool, idle_api: Api) -> None:
    batch_id = await accepted(idle_api, 1)
    turns = Turns(pool)
    turn = await turns.next()
    assert turn
    for outcome in (RowOutcome.CREATED, RowOutcome.UNCHANGED):
        await turns.end(turn, [RowResult(2, outcome, 200)])
    assert (await idle_api.get(f"/v1/imports/{batch_id}")).json()["counts"] == {"created": 1}


async def accepted(api: Api, number: int) -> UUID:
    response = await send(api, customers(range(number, number + 1)))
    return UUID(response.json()["id"])


def ordinary_book(rows: int, columns: int, characters: int) -> bytes:
    """Return a workbook in which no text occurs twice."""
    lines = (
        "".join(CELL.format(f"{row * columns + column:0{characters}}") for column in range(columns))
        for row in range(rows)
    )
    header = "".join(map(CELL.format, ["客户名称", *(f"列{number}" for number in range(1, columns))]))
    sheet = "".join(f"<row>{cells}</row>" for cells in (header, *lines))
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book_of(["name"]))) as book, zipfile.ZipFile(content, "w", ZIP_DEFLATED) as target:
        for name in book.namelist():
            text = book.read(name).decode()
            if name == "xl/worksheets/sheet1.xml":
                text = f"{text.partition('<sheetData>')[0]}<sheetData>{sheet}</sheetData></worksheet>"
            target.writestr(name, text)
    return content.getvalue()


def test_38_a_workbook_with_as_many_ordinary_rows_as_allowed_is_read() -> None:
    columns = [Column(field="name", headers=("客户名称",), required=True)]
    opened = open_table(ordinary_book(MAX_ROWS, columns=20, characters=20), XLSX_TYPE, columns)
    assert opened.count == MAX_ROWS
