"""Likely duplicates through the API: found with their reasons, marked as distinct, merged."""

from typing import Any
from uuid import uuid4

import asyncpg

from chassis.postgres.database import transaction
from services.customer.merging.duplicates import ALIKE, BY_INDEX, MAX_ALIKE
from tests.integration.customer.conftest import Api
from tests.support.servers import Database
from tests.support.waiting import eventually

PHONE = {"name": "吴敏", "phone": "138 0013 8000"}


def id_of(address: str) -> str:
    return address.rpartition("/")[2]


async def pairs(api: Api, *caller: str) -> dict[frozenset[str], dict[str, Any]]:
    items = (await api.get("/v1/duplicates", *caller)).json()["items"]
    return {frozenset((item["customer_id"], item["other_id"])): item for item in items}


async def shown(api: Api, *expected: tuple[str, str]) -> None:
    async def same() -> bool:
        return (await pairs(api)).keys() == {frozenset(map(id_of, pair)) for pair in expected}

    await eventually(same)


async def test_customers_that_look_like_one_are_listed_with_the_reasons(api: Api) -> None:
    one = await api.registered(name="上海腾云有限公司", owner_id="E1007")
    other = await api.registered(name="上海腾云", owner_id="E1007")
    third = await api.registered(name="北京新创", owner_id="E2")
    await api.registered(name="广州蓝海")
    await shown(api, (one, other))
    for address in (one, third):
        await api.post(f"{address}/key-contacts", PHONE)
    await shown(api, (one, other), (one, third))
    found = await pairs(api)
    assert [found[frozenset(map(id_of, pair))]["reasons"] for pair in ((one, other), (one, third))] == [
        ["name"],
        ["phone"],
    ]
    assert (await pairs(api, "E1007", "sales")).keys() == {frozenset(map(id_of, (one, other)))}
    assert (await api.post(f"{one}/distinctions", {"other_id": id_of(third)})).status_code == 200
    await shown(api, (one, other))
    await api.post(f"{one}/duplicates", {"duplicate_id": id_of(other)})
    await shown(api)
    headers = api.issuer.headers("ops", "ops")
    await api.client.delete(f"{one}/duplicates/{id_of(other)}", headers=headers)
    await shown(api, (one, other))


async def test_the_likeness_table_holds_no_personal_data(api: Api) -> None:
    one, other = await api.registered(name="上海腾云"), await api.registered(name="北京新创")
    added = [await api.post(f"{address}/key-contacts", PHONE) for address in (one, other)]
    await shown(api, (one, other))
    kept = str(await api.pool.fetch("SELECT * FROM customer_likeness")) + str(
        await api.pool.fetch("TABLE duplicate_pair")
    )
    assert "13800138000" not in kept
    await api.client.delete(added[0].headers["location"], headers=api.issuer.headers("ops", "ops"))
    await shown(api)


async def test_a_customer_without_matches_is_not_compared_with_every_other(api: Api, database: Database) -> None:
    owner = await asyncpg.connect(database.admin)
    await owner.execute("""
        INSERT INTO customer_likeness (customer_id, tokens, is_looked)
        SELECT gen_random_uuid(), ARRAY[number * 4, number * 4 + 1], true FROM generate_series(1, 20000) AS number
    """)
    await owner.execute("ANALYZE customer_likeness")
    await owner.close()
    async with transaction(api.pool) as held:
        await held.execute(BY_INDEX)
        plan = "\n".join(row[0] for row in await held.fetch(f"EXPLAIN {ALIKE}", [uuid4()], MAX_ALIKE))
    assert "Seq Scan" not in plan
    assert "customer_likeness_tokens" in plan
