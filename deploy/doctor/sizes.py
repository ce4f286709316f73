"""Reads how large the tables of a database and the topics of watermarks are, and what should have been deleted."""

from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.files.retention import RESULT_RETENTION
from chassis.kafka.client import REQUEST_TIMEOUT_MS, close_client
from chassis.postgres.database import Connection
from contracts.topics import Topic
from deploy.doctor.observations import Growth, TableSize

# Partitions of one day each are counted as one table.
TABLES = """
    SELECT CASE WHEN s.relname ~ '^idempotency_[0-9]{8}$' THEN 'idempotency' ELSE s.relname END AS name,
        sum(pg_total_relation_size(s.relid))::bigint AS bytes, sum(s.n_live_tup)::bigint AS rows,
        sum(s.n_dead_tup)::bigint AS dead_rows
    FROM pg_stat_user_tables s WHERE s.schemaname = 'public' GROUP BY 1 ORDER BY bytes DESC, name
"""
# A partition is dropped when its day is over, within minutes.
OVERDUE_PARTITIONS = """
    SELECT count(*) FROM pg_stat_user_tables
    WHERE schemaname = 'public' AND relname ~ '^idempotency_[0-9]{8}$'
        AND to_date(right(relname, 8), 'YYYYMMDD') < (clock_timestamp() AT TIME ZONE 'UTC')::date - 1
"""
OVERDUE_IMPORTS = """
    SELECT count(*) FROM import_batch WHERE has_rows AND ended_at < clock_timestamp() - $1::interval - interval '1 day'
"""
HAS_IMPORTS = "SELECT to_regclass('public.import_batch') IS NOT NULL"


async def growth(connection: Connection) -> Growth:
    """Return the sizes of all tables, largest first, and what has expired more than a day ago."""
    return Growth(
        tables=[TableSize(**dict(row)) for row in await connection.fetch(TABLES)],
        overdue_partitions=await connection.fetchval(OVERDUE_PARTITIONS),
        overdue_imports=await overdue_imports(connection),
    )


async def overdue_imports(connection: Connection) -> int:
    if not await connection.fetchval(HAS_IMPORTS):
        return 0
    count: int = await connection.fetchval(OVERDUE_IMPORTS, RESULT_RETENTION)
    return count


async def records_to_end(bootstrap: str, topics: Sequence[Topic]) -> dict[str, int]:
    """Return for each topic the distance from the first record to the end, of its partition where that is largest.

    A partition of watermarks has one key. So after compaction this is the number of its records.
    """
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_TIMEOUT_MS)
    places = [TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)]
    try:
        await consumer.start()
        first = await consumer.offsets_for_times(dict.fromkeys(places, 0)) if places else {}
        end = await consumer.end_offsets(places)
    finally:
        await close_client(consumer.stop())
    found = {topic.name: 0 for topic in topics}
    for place in places:
        if oldest := first.get(place):
            found[place.topic] = max(found[place.topic], end[place] - oldest.offset)
    return found
