"""Looking for customers whose time has come stays cheap, however many there are."""

import json
from datetime import timedelta

from chassis.runtime.clock import utc_now
from services.alerts.detection import memory
from services.alerts.detection.detector import CONSUMER, DUE_BATCH, FEEDS
from tests.bench.harness.measuring import administrator
from tests.support.servers import Servers

# With fewer, the planner finds a cheap way for any form of the question.
CUSTOMERS = 100_000
FEW_PAGES = 50
WAIT_FOR_LATER = """
    INSERT INTO silence
    SELECT gen_random_uuid(), n % 6, repeat('x', 400), now() + n * interval '1 minute'
    FROM generate_series(1, $1::integer) AS n
"""
COMPLETE = """
    INSERT INTO consumer_position
    SELECT $1, topic, n, 0, now() + interval '1 day' FROM unnest($2::text[]) AS topic, generate_series(0, 5) AS n
"""


async def test_a_look_when_nothing_is_due_reads_a_few_pages_of_the_index_and_not_every_customer(
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
