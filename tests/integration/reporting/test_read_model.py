"""The rows in PostgreSQL do not depend on the order or the batches of the topics."""

import random
from typing import Any
from uuid import uuid5

import pytest

from chassis.consume.applier import Applier, Batch
from chassis.consume.delivery import Delivery
from chassis.consume.positions import NEVER, PositionMovedError, Progress, Source
from chassis.postgres.database import Pool
from contracts.customer import Registered
from contracts.examples import COMPLAINT_ID, CONTACT_ID, CUSTOMER_ID, TASK_ID, example, example_envelope
from contracts.followup import ContactLogged
from contracts.topics import CONFIGURATION, CUSTOMER_EVENTS, EVENT_TYPES
from services.reporting import projection
from services.reporting.queries import timeline
from services.reporting.queries.snapshot import snapshot
from tests.integration.reporting.conftest import feed
from tests.support.facts import TOPIC_OF, fact_of, facts_of
from tests.unit.reporting.story import (
    ALERT_FACTS,
    CUSTOMER_FACTS,
    FOLLOWUP_FACTS,
    IN_TOPIC_ORDER,
    MAIL_ID,
    OTHER_CONTACT,
    TURNS,
    day,
    interleaved,
)

TABLES = {
    "customer": "customer_id",
    "task": "task_id",
    "complaint": "complaint_id",
    "alert": "alert_id",
    "fact": "event_id",
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
        "task": 3,
        "complaint": 1,
        "alert": 2,
        "fact": len(IN_TOPIC_ORDER),
    }
    task = next(row for row in rows["task"] if row["task_id"] == TASK_ID)
    assert (task["first_due_at"], task["due_at"], task["was_on_time"]) == (day(4), day(6), True)
    assert await story.fetchval("SELECT count(*) FROM contact") == 3
    assert await story.fetchval("SELECT count(*) FROM stage_transition") == 4
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
    batch = Batch([Delivery(source, 9, 8, COMPLAINT_ID, {}, None, fact_of(lost))], Progress(9, lost.recorded_at))
    with pytest.raises(PositionMovedError):
        await zombie.apply({source: (Progress(0, NEVER), batch)})
    assert await everything(story) == expected


async def test_events_before_the_registration_are_stored_for_it(read_model: Pool) -> None:
    await feed(read_model, [*FOLLOWUP_FACTS, *ALERT_FACTS])
    assert await read_model.fetchval("SELECT count(*) FROM customer") == 0
    await feed(read_model, CUSTOMER_FACTS)
    assert await read_model.fetchval("SELECT count(*) FROM task JOIN customer USING (customer_id)") == 3


async def test_events_of_a_customer_without_registration_are_stored_and_park_nobody(read_model: Pool) -> None:
    without_registration = [fact for fact in CUSTOMER_FACTS if fact.subject != CUSTOMER_ID or fact.version > 1]
    await feed(read_model, [*without_registration, *FOLLOWUP_FACTS])
    assert await read_model.fetchval("SELECT count(*) FROM parked_event") == 0
    assert await read_model.fetchval("SELECT count(*) FROM customer") == 1
    assert await read_model.fetchval("SELECT count(*) FROM fact") == len(without_registration) + len(FOLLOWUP_FACTS)


async def test_contacts_are_views_of_their_facts(story: Pool) -> None:
    rows = {row["contact_id"]: row for row in await story.fetch("SELECT * FROM contact")}
    assert {key: row["is_automated"] for key, row in rows.items()} == {
        CONTACT_ID: False,
        MAIL_ID: True,
        OTHER_CONTACT: False,
    }
    contact, logged = rows[CONTACT_ID], example(ContactLogged)
    assert (contact["customer_id"], contact["employee_id"]) == (CUSTOMER_ID, logged.employee_id)
    assert (contact["channel"], contact["direction"]) == (logged.channel, logged.direction)
    assert (contact["purpose"], contact["outcome"]) == (logged.purpose, logged.outcome)
    assert (contact["task_id"], contact["occurred_at"]) == (logged.task_id, day(1))


async def test_each_entered_stage_is_a_view_of_its_fact(story: Pool) -> None:
    rows = await story.fetch("SELECT * FROM stage_transition WHERE customer_id = $1 ORDER BY position", CUSTOMER_ID)
    assert [(row["previous"], row["stage"], row["reason"], row["occurred_at"]) for row in rows] == [
        (None, "new", None, day(0)),
        ("new", "signed", "deal", day(2)),
    ]


async def test_every_event_of_a_customer_is_in_the_timeline_as_published(read_model: Pool) -> None:
    """Events of configuration concern no customer: they are stored under their own subject."""
    events = [event for event in EVENT_TYPES.values() if event not in CONFIGURATION]
    facts = [
        example_envelope(example(event), id=uuid5(CUSTOMER_ID, str(event)), subject=CUSTOMER_ID, position=number)
        for number, event in enumerate(events, start=1)
    ]
    await feed(read_model, facts)
    async with snapshot(read_model) as held:
        entries = {entry.event_id: entry for entry in await timeline.page(held, CUSTOMER_ID, None, len(facts))}
    for fact in facts:
        entry = entries[fact.id]
        assert (entry.type, entry.position, entry.stream_id) == (fact.event.type, fact.position, fact.stream_id)
        assert (entry.topic, entry.actor) == (TOPIC_OF[type(fact.event)].name, "E1007")
        assert entry.data == fact.event.model_dump(mode="json", exclude={"type"}, exclude_none=True)


async def test_the_tables_are_those_of_the_search_path(story: Pool, reporting_admin: Pool) -> None:
    async with reporting_admin.acquire() as held:
        await held.execute("CREATE SCHEMA shadow")
        for table in TABLES:
            await held.execute(f"CREATE TABLE shadow.{table} (LIKE public.{table} INCLUDING ALL)")
        await held.execute("SET search_path TO shadow, public")
        await projection.apply(facts_of(IN_TOPIC_ORDER), held)
        copied = [dict(row) for row in await held.fetch("SELECT * FROM shadow.fact ORDER BY event_id")]
        await held.execute("RESET search_path")
    assert copied == (await everything(story))["fact"]
