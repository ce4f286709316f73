"""The rows in PostgreSQL do not depend on the order or the batches of the topics."""

import random
from typing import Any

import pytest

from chassis.consume.applier import Applier, Batch
from chassis.consume.delivery import Delivery
from chassis.consume.positions import NEVER, PositionMovedError, Progress, Source
from chassis.postgres.database import Pool
from contracts.customer import Registered
from contracts.examples import COMPLAINT_ID, CUSTOMER_ID, TASK_ID, example, example_envelope
from contracts.topics import CUSTOMER_EVENTS
from services.reporting import projection
from tests.integration.reporting.conftest import feed
from tests.unit.reporting.story import (
    ALERT_FACTS,
    CUSTOMER_FACTS,
    FOLLOWUP_FACTS,
    IN_TOPIC_ORDER,
    TURNS,
    day,
    interleaved,
)

TABLES = {
    "customer": "customer_id",
    "stage_transition": "event_id",
    "contact": "contact_id",
    "task": "task_id",
    "complaint": "complaint_id",
    "alert": "alert_id",
    "timeline": "event_id",
}


async def everything(pool: Pool) -> dict[str, list[dict[str, Any]]]:
    return {
        table: [dict(row) for row in await pool.fetch(f"SELECT * FROM {table} ORDER BY {key}")]
        for table, key in TABLES.items()
    }


async def forget(pool: Pool) -> None:
    await pool.execute("UPDATE consumer_position SET position = 0, watermark = '-infinity'")


async def test_every_table_holds_what_the_story_says(story: Pool) -> None:
    rows = await everything(story)
    assert {table: len(found) for table, found in rows.items()} == {
        "customer": 2,
        "stage_transition": 4,
        "contact": 3,
        "task": 3,
        "complaint": 1,
        "alert": 2,
        "timeline": len(IN_TOPIC_ORDER),
    }
    task = next(row for row in rows["task"] if row["task_id"] == TASK_ID)
    assert (task["first_due_at"], task["due_at"], task["was_on_time"]) == (day(4), day(6), True)
    customer = next(row for row in rows["customer"] if row["customer_id"] == CUSTOMER_ID)
    assert (customer["stage"], customer["mode"], customer["tiers"]) == ("signed", "maintenance", {"default": "vip"})


@pytest.mark.parametrize("seed", range(5))
async def test_order_between_topics_and_size_of_batches_change_no_row(
    story: Pool, reporting_admin: Pool, seed: int
) -> None:
    expected = await everything(story)
    await reporting_admin.execute(f"TRUNCATE {', '.join(TABLES)}")
    await forget(story)
    chance = random.Random(seed)  # noqa: S311 - chance for a test
    facts = interleaved(chance.sample(TURNS, len(TURNS)))
    while facts:
        size = chance.randint(1, 6)
        await feed(story, facts[:size])
        facts = facts[size:]
    assert await everything(story) == expected


async def test_a_batch_from_an_old_position_leaves_no_trace(story: Pool) -> None:
    expected = await everything(story)
    zombie = Applier("reporting", story, projection.apply)
    source = Source(CUSTOMER_EVENTS.name, 0)
    lost = example_envelope(example(Registered, name="幽灵"), subject=COMPLAINT_ID, stream_id=COMPLAINT_ID, position=9)
    batch = Batch([Delivery(source, 9, 8, COMPLAINT_ID, {}, None, lost)], Progress(9, lost.recorded_at))
    with pytest.raises(PositionMovedError):
        await zombie.apply({source: (Progress(0, NEVER), batch)})
    assert await everything(story) == expected


async def test_events_before_the_registration_are_stored_for_it(read_model: Pool) -> None:
    await feed(read_model, [*FOLLOWUP_FACTS, *ALERT_FACTS])
    assert await read_model.fetchval("SELECT count(*) FROM customer") == 0
    await feed(read_model, CUSTOMER_FACTS)
    assert await read_model.fetchval("SELECT count(*) FROM task JOIN customer USING (customer_id)") == 3


async def test_a_failing_event_parks_its_customer_only(read_model: Pool) -> None:
    without_registration = [fact for fact in CUSTOMER_FACTS if fact.subject != CUSTOMER_ID or fact.version > 1]
    await feed(read_model, [*without_registration, *FOLLOWUP_FACTS])
    parked = {row["subject"] for row in await read_model.fetch("SELECT DISTINCT subject FROM parked_event")}
    assert parked == {CUSTOMER_ID}
    assert await read_model.fetchval("SELECT count(*) FROM customer") == 1
    assert await read_model.fetchval("SELECT count(*) FROM task") == 1


async def test_the_tables_are_those_of_the_search_path(story: Pool, reporting_admin: Pool) -> None:
    async with reporting_admin.acquire() as held:
        await held.execute("CREATE SCHEMA shadow")
        for table in TABLES:
            await held.execute(f"CREATE TABLE shadow.{table} (LIKE public.{table} INCLUDING ALL)")
        await held.execute("SET search_path TO shadow, public")
        await projection.apply(IN_TOPIC_ORDER, held)
        copied = [dict(row) for row in await held.fetch("SELECT * FROM shadow.timeline ORDER BY event_id")]
        await held.execute("RESET search_path")
    assert copied == (await everything(story))["timeline"]
