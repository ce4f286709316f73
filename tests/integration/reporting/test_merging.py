"""Merges in the read model: the survivor has the data of both, until the merge is undone."""

from dataclasses import replace
from typing import Any

import asyncpg

from chassis.postgres.database import Pool
from contracts.customer import CustomerErased, KeyContactErased, Merged, Unmerged
from contracts.event import Envelope, Event
from contracts.examples import CUSTOMER_ID, example
from tests.integration.reporting.conftest import Get, feed
from tests.integration.reporting.test_api import items
from tests.support.guides import examples
from tests.support.servers import Database
from tests.unit.reporting.story import CUSTOMER_FACTS, OTHER_ID, OTHER_TASK, day, told

OWNER, OTHERS_OWNER = ("E1007", "sales"), ("E2001", "sales")
FUNNEL = "/v1/reports/stage-funnel"
# The rule of the story's alerts.
RULE = "inactive.interested"


def next_fact(number: int, event: Event) -> Envelope[Any]:
    (fact,) = told((8, OTHER_ID, OTHER_ID, event))
    return replace(fact, position=CUSTOMER_FACTS[-1].position + number, recorded_at=day(8 + number))


async def standing(get: Get) -> int:
    return sum(row["customers"] for row in (await get(FUNNEL)).json()["stages"])


async def test_views_show_one_customer_until_it_is_released(get: Get, story: Pool, reporting: Database) -> None:
    before = (await get(f"/v1/customers/{CUSTOMER_ID}")).json()
    apart = (await get(f"/v1/customers/{OTHER_ID}")).json()
    assert await standing(get) == 2
    await feed(story, [next_fact(1, Merged(into_customer_id=CUSTOMER_ID))])
    whole = (await get(f"/v1/customers/{CUSTOMER_ID}", *OWNER)).json()
    for count in ("contacts", "open_tasks", "overdue_tasks", "open_alerts"):
        assert whole[count] == before[count] + apart[count]
    assert whole["last_contact_at"] == apart["last_contact_at"]
    assert str(OTHER_TASK) in {task["id"] for task in whole["tasks"]}
    assert [each["id"] for each in await items(get, "/v1/customers")] == [str(CUSTOMER_ID)]
    assert await standing(get) == 1
    assert str(OTHER_TASK) in {task["id"] for task in await items(get, "/v1/tasks", *OWNER, customer_id=CUSTOMER_ID)}
    assert await items(get, "/v1/tasks", *OTHERS_OWNER) == []
    for path in (f"/v1/customers/{OTHER_ID}", f"/v1/customers/{OTHER_ID}/timeline"):
        moved = await get(path)
        assert (moved.status_code, moved.json()["canonical_id"]) == (410, str(CUSTOMER_ID))
    reader = await asyncpg.connect(reporting.bi_reader)
    assert await reader.fetchval("SELECT count(*) FROM bi.dim_customers") == 1
    assert await reader.fetchval("SELECT count(DISTINCT customer_id) FROM bi.dim_customer_ids") == 1
    await reader.close()
    await feed(story, [next_fact(2, Unmerged(from_customer_id=CUSTOMER_ID))])
    assert (await get(f"/v1/customers/{CUSTOMER_ID}")).json() == before
    after = (await get(f"/v1/customers/{OTHER_ID}")).json()
    assert {name for name in after if after[name] != apart[name]} == {"timeline"}
    assert await standing(get) == 2


async def test_the_queries_of_the_guides_keep_the_alerts_of_a_merged_customer(story: Pool, reporting: Database) -> None:
    pages = [*examples("bi.md", "sql"), *examples("zh/报表.md", "sql")]
    queries = [query.replace("'inactivity'", f"'{RULE}'") for query in pages if "'inactivity'" in query]
    reader = await asyncpg.connect(reporting.bi_reader)
    apart = [len(await reader.fetch(query)) for query in queries]
    await feed(story, [next_fact(1, Merged(into_customer_id=CUSTOMER_ID))])
    assert [len(await reader.fetch(query)) for query in queries] == apart == [1, 1]
    await reader.close()


async def test_erasures_of_duplicates_are_in_the_statement_of_the_survivor(get: Get, story: Pool) -> None:
    told = [
        next_fact(1, Merged(into_customer_id=CUSTOMER_ID)),
        next_fact(2, example(KeyContactErased)),
        next_fact(3, example(CustomerErased)),
    ]
    await feed(story, told)
    said = (await get(f"/v1/customers/{CUSTOMER_ID}/erasure")).json()
    assert (said["received"], said["entries"]) == ([str(each.id) for each in told[1:]], 0)
    await feed(story, [next_fact(4, Unmerged(from_customer_id=CUSTOMER_ID))])
    assert (await get(f"/v1/customers/{CUSTOMER_ID}/erasure")).json()["received"] == []
    assert len((await get(f"/v1/customers/{OTHER_ID}/erasure")).json()["received"]) == 2
