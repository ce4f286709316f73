"""Cases 38 and 41: large files, and short files beside them."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from chassis.files.imports import ROWS_OF_A_PIECE
from chassis.postgres.database import Pool
from tests.integration.customer.conftest import Api, service_on
from tests.integration.customer.test_imports import send
from tests.support.servers import Database
from tests.unit.chassis.issuer import Issuer, client_of

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


async def test_38_nothing_is_stored_of_a_file_that_was_interrupted(
    idle_api: Api, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await owner.execute(f"ALTER TABLE import_row ADD CHECK (number < {2 * ROWS_OF_A_PIECE})")
    response = await send(idle_api, orders(3 * ROWS_OF_A_PIECE), query="?kind=orders")
    assert response.status_code == 500
    stored = "SELECT (SELECT count(*) FROM import_batch) + (SELECT count(*) FROM import_row)"
    assert await idle_api.pool.fetchval(stored) == 0
