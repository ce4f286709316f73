"""The query for due customers stays cheap with many customers."""

import json
from datetime import timedelta

from chassis.runtime.clock import utc_now
from services.alerts.detection import memory
from services.alerts.detection.detector import CONSUMER, DUE_BATCH, FEEDS
from tests.bench.harness.measuring import administrator
from tests.support.servers import Servers

# With fewer customers, the planner finds a cheap plan for any form of the query.
CUSTOMERS = 100_000
FEW_PAGES = 50
WAIT_FOR_LATER = """
    INSERT INTO silence
    SELECT gen_random_uuid(), n % 6, convert_to(repeat('x', 400), 'UTF8'), now() + n * interval '1 minute'
    FROM generate_series(1, $1::integer) AS n
"""
COMPLETE = """
    INSERT INTO consumer_position
    SELECT $1, topic, n, 0, now() + interval '1 day' FROM unnest($2::text[]) AS topic, generate_series(0, 5) AS n
"""


async def test_a_query_without_due_customers_reads_a_few_index_pages_and_not_every_customer(
    running: Servers,
) -> None:
    now = utc_now() - timedelta(minutes=1)
    async with administrator(await running.database("alerts")) as connection:
        await connection.execute(WAIT_FOR_LATER, CUSTOMERS)
        await connection.execute(COMPLETE, CONSUMER, FEEDS)
        await connection.execute("VACUUM ANALYZE")
        explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {memory.DUE}"

        (plan,) = json.loads(await connection.fetchval(explain, CONSUMER, FEEDS, now, DUE_BATCH))

    assert plan["Plan"]["Actual Rows"] == 0
    assert plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"] < FEW_PAGES
