"""Personal data stays where it may be (S17): canary words are entered everywhere, and everything is searched."""

import asyncio
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

from chassis.files.kept_cells import CELLS_RETENTION, clear_expired_cells
from chassis.kafka.client import ensure_topics
from chassis.postgres.database import open_pool
from contracts.topics import Topic
from services.request_examples import REQUEST_EXAMPLES
from tests.security import scan
from tests.security.canary_input import KEPT, KEPT_PHONE, NAMED, PERSONAL, REFUSED, CanaryInput, enter_canaries, halves
from tests.support.product import Product

PLANTED = "金丝雀丙"
# For CELLS_RETENTION.
FAILED_ROWS = {"customer:public.import_row", "followup:public.import_row"}
HOMES = {"customer:public.vault", "customer:public.employee", "followup:public.vault", "alerts:public.vault"}


@pytest.fixture(scope="module")
async def canary(product: Product) -> CanaryInput:
    return await enter_canaries(product)


def test_every_private_field_is_filled() -> None:
    private = {
        (body_of(command), field)
        for module in ("services.customer.commands", "services.followup.commands", "services.alerts.commands")
        for command in vars(__import__(module, fromlist=["*"])).values()
        for field in getattr(command, "PRIVATE", ())
    }
    assert private
    assert not {(name, field) for name, field in private if not PERSONAL.get(name, {}).get(field)}
    assert PERSONAL.keys() <= REQUEST_EXAMPLES.keys()


def body_of(command: type) -> str:
    """Return the schema name of a command's request body: its own, or that of a related command class."""
    kin = (*command.__mro__, *command.__subclasses__())
    return next((each.__name__ for each in kin if each.__name__ in REQUEST_EXAMPLES), command.__name__)


async def test_personal_words_are_in_the_vault_and_in_failed_rows_of_files_and_nowhere_else(
    canary: CanaryInput,
) -> None:
    assert await scan.everywhere(canary.product, *halves(KEPT)) == HOMES | {"customer:public.import_row"}
    assert await scan.everywhere(canary.product, KEPT_PHONE[1:], KEPT_PHONE[3:]) == {"customer:public.vault"}


async def test_what_was_refused_is_in_failed_rows_of_files_and_nowhere_else(canary: CanaryInput) -> None:
    assert await scan.everywhere(canary.product, *halves(REFUSED)) == FAILED_ROWS
    assert await scan.everywhere(canary.product, *halves(NAMED)) == set()


async def test_after_the_retention_of_failed_rows_no_word_is_left_in_them(canary: CanaryInput) -> None:
    for service in ("customer", "followup"):
        pool = await open_pool(scan.migrator_urls(canary.product)[service], size=1, application_name="tests")
        await pool.execute("UPDATE import_batch SET ended_at = ended_at - $1::interval", CELLS_RETENTION)
        while await clear_expired_cells(pool):
            pass
        await pool.close()
    assert await scan.everywhere(canary.product, *halves(KEPT)) == HOMES
    assert await scan.everywhere(canary.product, *halves(REFUSED)) == set()


async def test_what_was_kept_can_be_read_where_it_belongs(canary: CanaryInput) -> None:
    things = canary.things
    person = await canary.ask("customer", "GET", f"/v1/customers/{things['customer_id']}")
    assert person.json()["name"] == KEPT
    contact = await canary.ask("followup", "GET", f"/v1/contacts/{things['contact_id']}")
    assert contact.json()["content"] == KEPT
    complaint = await canary.ask("followup", "GET", f"/v1/complaints/{things['complaint_id']}")
    assert (complaint.json()["content"], complaint.json()["answers"]) == (KEPT, [KEPT])


async def test_the_search_finds_a_word_in_each_sort_of_place(canary: CanaryInput) -> None:
    """Canary words, one in each place: if one were not found, the search would prove nothing."""
    product = canary.product
    log = product.data_dir / "logs" / "planted.log"
    await asyncio.to_thread(log.write_bytes, PLANTED.encode("unicode_escape"))
    topics = await plant_records(product)
    reporting = await asyncpg.connect(scan.migrator_urls(product)["reporting"])
    await reporting.execute(f"CREATE TABLE planted AS SELECT convert_to('{PLANTED}', 'UTF8') AS bytes")
    try:
        found = await scan.everywhere(product, PLANTED)
    finally:
        await reporting.execute("DROP TABLE planted")
        await reporting.close()
        await asyncio.to_thread(log.unlink)
    assert found == {"logs/planted.log", "reporting:public.planted", *topics}


async def plant_records(product: Product) -> set[str]:
    """Publish the word in a value, a key and a header, each on its own topic; return the topics."""
    word = PLANTED.encode()
    places: dict[str, dict[str, Any]] = {
        "value": {"value": b"<" + word + b">"},
        "key": {"value": b"-", "key": word},
        "header": {"value": b"-", "headers": [("ce_name", word)]},
    }
    bootstrap = product.environment["CARE_KAFKA_BOOTSTRAP"]
    topics = tuple(Topic(f"test.planted.{place}", "customer", "A test's own.", (), partitions=1) for place in places)
    await ensure_topics(bootstrap, topics)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for place, record in places.items():
            await producer.send_and_wait(f"test.planted.{place}", **record)
    return {f"topic {topic.name}" for topic in topics}


def test_the_search_finds_a_word_however_it_is_written() -> None:
    for written in (b"planted", b"\\u91d1\\u4e1d", b"\\\\u91d1\\\\u4e1d", b"%E9%87%91%E4%B8%9D", b"\\xe98791e4b89d"):
        assert scan.holds(b"<" + written + b">", ["planted", "金丝"]), written
    assert not scan.holds("金鱼 plants".encode(), ["planted", "金丝"])
