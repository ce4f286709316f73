"""Searches everything that the product writes for a word: logs, spans, file names, topics, tables, open pages."""

import urllib.parse
from collections.abc import Iterable, Iterator
from pathlib import Path

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from deploy.stack import credentials, databases
from services import openapi
from tests.support.product import Product
from tests.support.waiting import eventually

POLL_MILLISECONDS = 500
# Pages that need no token.
OPEN = ("/livez", "/readyz", "/startupz", "/metrics", "/openapi.json", "/docs", "/docs.css")
TABLES = """
    SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND n.nspname NOT LIKE 'pg_%'
    ORDER BY 1
"""


def spellings(word: str) -> list[bytes]:
    """Return the encodings of `word`: plain, escaped in JSON or in a URL, and as PostgreSQL prints bytes."""
    escaped = word.encode("unicode_escape").decode()
    written = {word, escaped, escaped.replace("\\", "\\\\"), urllib.parse.quote(word), word.encode().hex()}
    return [each.encode().lower() for each in sorted(written)]


def holds(content: bytes, words: Iterable[str]) -> bool:
    lowered = content.lower()
    return any(spelling in lowered for word in words for spelling in spellings(word))


def in_files(folder: Path, words: Iterable[str]) -> Iterator[str]:
    """Yield the logs of `folder` that contain a word, and files whose name contains it."""
    for path in sorted(folder.rglob("*")):
        if holds(str(path).encode(), words):
            yield f"name of {path.name}"
    for path in sorted((folder / "logs").rglob("*")):
        if path.is_file() and holds(path.read_bytes(), words):
            yield f"logs/{path.name}"


async def in_topics(bootstrap: str, words: Iterable[str]) -> tuple[set[str], int]:
    """Return the topics that contain a word, and the number of records that were read."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        places = await take_all(consumer)
        ends = await consumer.end_offsets(places)
        found: set[str] = set()
        seen = 0
        while [place for place in places if await consumer.position(place) < ends[place]]:
            for place, records in (await consumer.getmany(timeout_ms=POLL_MILLISECONDS)).items():
                seen += len(records)
                if any(holds(all_of(record), words) for record in records):
                    found.add(f"topic {place.topic}")
        return found, seen
    finally:
        await consumer.stop()


async def take_all(consumer: AIOKafkaConsumer) -> list[TopicPartition]:
    """Subscribe to every topic and return the partitions."""
    names = await consumer.topics()
    consumer.subscribe(sorted(names))

    async def taken() -> bool:
        return bool({place.topic for place in consumer.assignment()} == names)

    await eventually(taken)
    return sorted(consumer.assignment())


def all_of(record: ConsumerRecord) -> bytes:
    headers = [part for name, value in record.headers for part in (name.encode(), value or b"")]
    return b"\n".join([record.key or b"", record.value or b"", *headers])


async def in_open_pages(product: Product, words: Iterable[str]) -> list[str]:
    """Return the public pages that contain a word."""
    addresses = [url + path for url in product.client.urls.values() for path in OPEN]
    texts = {address: (await product.client.http.get(address)).content for address in addresses}
    return [address for address, text in texts.items() if holds(text, words)]


def migrator_urls(product: Product) -> dict[str, str]:
    """Return the URL of each database for the role that owns its tables."""
    secrets = credentials.load(product.data_dir)
    return dict(databases.urls(product.environment["CARE_CUSTOMER_DATABASE_URL"], secrets).migrator)


async def in_tables(product: Product, words: Iterable[str]) -> tuple[set[str], int]:
    """Return the tables that contain a word, and the number of tables that were read."""
    found: set[str] = set()
    seen = 0
    for service, url in migrator_urls(product).items():
        connection = await asyncpg.connect(url)
        try:
            for table in await connection.fetch(TABLES):
                rows = await connection.fetch(f"SELECT t::text AS row FROM {table[0]} t")
                seen += 1
                if holds("\n".join(row["row"] for row in rows).encode(), words):
                    found.add(f"{service}:{table[0]}")
        finally:
            await connection.close()
    assert tuple(migrator_urls(product)) == openapi.SERVICES
    return found, seen


async def everywhere(product: Product, *words: str) -> set[str]:
    """Return every place that contains one of the words."""
    topics, records = await in_topics(product.environment["CARE_KAFKA_BOOTSTRAP"], words)
    tables, looked_at = await in_tables(product, words)
    assert records, "no topic was read"
    assert looked_at > len(openapi.SERVICES), "no table was read"
    return topics | tables | {*in_files(product.data_dir, words), *await in_open_pages(product, words)}
