"""The fact log keeps what was published, and state tables follow from it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

import asyncpg
import msgspec
import pytest

from chassis.consume.applier import REPLAY_BATCH, Applier, Batch
from chassis.consume.delivery import Delivery
from chassis.consume.fact_log.fact import Fact
from chassis.consume.fact_log.model import append
from chassis.consume.positions import Progress, Source
from chassis.kafka.cloudevents import UndecodableError
from chassis.postgres.database import Connection, Pool, transaction
from contracts.customer import ProfileChanged, Registered, StageChanged
from contracts.event import Envelope
from contracts.examples import COMPLAINT_ID, CUSTOMER_ID, REPEATS_ID, example, example_envelope
from contracts.followup import ComplaintEscalated, ComplaintRaised, PlanStarted, TaskCancelled, TaskScheduled
from contracts.topics import CUSTOMER_EVENTS, FOLLOWUP_EVENTS
from services.reporting import projection
from tests.support.facts import READER, fact_of, facts_of
from tests.support.records import changed, received, value_of

SOURCE = Source(CUSTOMER_EVENTS.name, 0)
FAIL = """
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'as the server would' USING ERRCODE = '{code}'; END $$;
    CREATE TRIGGER fail BEFORE INSERT ON fact FOR EACH STATEMENT EXECUTE FUNCTION fail()
"""
registered = example_envelope(example(Registered))
changed_profile = example_envelope(example(ProfileChanged))


def envelopes(count: int) -> list[Envelope[Any]]:
    """Return the registrations of many customers."""
    ids = [uuid5(CUSTOMER_ID, str(number)) for number in range(count)]
    return [
        replace(registered, id=uuid5(each, "event"), subject=each, stream_id=each, position=number)
        for number, each in enumerate(ids, start=1)
    ]


def with_data(envelope: Envelope[Any], **changes: Any) -> Fact:
    """Return the fact of a record with other fields in its data."""
    data = msgspec.json.decode(fact_of(envelope).data) | changes
    return READER.read(CUSTOMER_EVENTS.name, received(changed(value_of(envelope), data=data)))


def applier(pool: Pool) -> Applier:
    return Applier("reporting", pool, projection.apply)


async def apply(pool: Pool, facts: Sequence[Fact]) -> None:
    consumer = applier(pool)
    deliveries = [Delivery(SOURCE, fact.position, fact.position - 1, fact.customer_id, {}, b"", fact) for fact in facts]
    batch = Batch(deliveries, Progress(facts[-1].position, facts[-1].recorded_at))
    await consumer.apply({SOURCE: (await consumer.progress(SOURCE), batch)})


async def test_a_fact_is_stored_as_it_was_published(read_model: Pool) -> None:
    fact = with_data(registered, colour="blue", nested={"a": [1, None]})
    await apply(read_model, [fact])
    (row,) = await read_model.fetch("SELECT * FROM fact")
    assert dict(row) == {**fact._asdict(), "data": msgspec.json.decode(fact.data)}
    assert row["data"]["nested"] == {"a": [1, None]}
    assert (row["feed"], row["customer_id"], row["type"]) == ("customer", CUSTOMER_ID, "care.customer.registered.v1")


async def test_an_unknown_type_is_kept_and_changes_no_state(read_model: Pool) -> None:
    value = changed(value_of(registered), type="care.customer.frozen.v1", data={"since": "2026-01-01"})
    await apply(read_model, [READER.read(CUSTOMER_EVENTS.name, received(value))])
    assert await read_model.fetchval("SELECT data ->> 'since' FROM fact") == "2026-01-01"
    assert await read_model.fetchval("SELECT count(*) FROM customer") == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"data": {"kind": "galaxy"}},
        {"data": "text"},
        {"type": "care.customer.frozen.v1", "data": [1]},
        {"actor": None},
        {"sequence": "x"},
        {"sequence": "9" * 19},
        {"time": "yesterday"},
        {"recordedtime": "2026-01-05T01:00:00"},
        {"subject": "somebody"},
        {"batchid": "a batch"},
    ],
    ids=str,
)
def test_a_record_that_does_not_fit_its_contract_is_undecodable(changes: dict[str, Any]) -> None:
    with pytest.raises(UndecodableError):
        READER.read(CUSTOMER_EVENTS.name, received(changed(value_of(registered), **changes)))


async def test_one_fact_that_postgresql_refuses_parks_only_its_customer(
    read_model: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0
    sound = projection.apply

    async def counted(facts: Sequence[Fact], held: Connection) -> None:
        nonlocal calls
        calls += 1
        await sound(facts, held)

    monkeypatch.setattr(projection, "apply", counted)
    facts = facts_of(envelopes(1_000))
    facts[617] = with_data(envelopes(618)[617], colour="a\0b")
    await apply(read_model, facts)
    assert await read_model.fetchval("SELECT count(*) FROM fact") == 999
    assert await read_model.fetchval("SELECT count(*) FROM customer") == 999
    (parked,) = await applier(read_model).parked_events.summary(read_model)
    assert (parked["subject"], parked["events"]) == (facts[617].customer_id, 1)
    assert calls <= 21


# A full disk, missing privileges, a disk that cannot be read or written, corrupted data.
@pytest.mark.parametrize("code", ["53100", "42501", "58030", "58P01", "XX001", "XX002"])
async def test_an_error_of_the_server_parks_nobody(read_model: Pool, reporting_admin: Pool, code: str) -> None:
    await reporting_admin.execute(FAIL.format(code=code))
    with pytest.raises(asyncpg.PostgresError):
        await apply(read_model, facts_of(envelopes(3)))
    await reporting_admin.execute("DROP TRIGGER fail ON fact")
    await apply(read_model, facts_of(envelopes(3)))
    assert await read_model.fetchval("SELECT count(*) FROM fact") == 3
    assert await read_model.fetchval("SELECT count(*) FROM parked_event") == 0


async def test_a_replay_applies_many_parked_events_in_parts_and_in_order(read_model: Pool) -> None:
    count, parts = REPLAY_BATCH + 1, list[list[int]]()
    values = [
        value_of(replace(changed_profile, id=uuid5(CUSTOMER_ID, str(number)), position=number))
        for number in range(1, count + 1)
    ]

    async def in_parts(facts: Sequence[Fact], held: Connection) -> None:
        parts.append([fact.position for fact in facts])
        await projection.apply(facts, held)

    consumer = Applier("reporting", read_model, in_parts, decode=READER.read)
    parked = [
        Delivery(SOURCE, number, number - 1, CUSTOMER_ID, {}, value, None) for number, value in enumerate(values, 1)
    ]
    async with transaction(read_model) as held:
        await consumer.parked_events.park(held, parked, "broken")
    assert await consumer.replay(CUSTOMER_ID) == count
    assert parts == [list(range(1, count)), [count]]
    assert await read_model.fetchval("SELECT count(*) FROM fact") == count
    assert await consumer.parked_events.summary(read_model) == []


async def test_a_row_appears_with_its_beginning_and_nothing_is_parked(read_model: Pool) -> None:
    scheduled, cancelled = (
        example_envelope(example(each), position=number) for number, each in ((1, TaskScheduled), (2, TaskCancelled))
    )
    async with transaction(read_model) as held:
        await projection.apply([fact_of(cancelled)], held)
        assert await held.fetchval("SELECT count(*) FROM task") == 0
        await projection.apply([fact_of(scheduled)], held)
        assert await held.fetchval("SELECT cancelled_at FROM task") == cancelled.occurred_at
    assert await read_model.fetchval("SELECT count(*) FROM parked_event") == 0


async def test_two_processes_that_change_one_complaint_lose_neither_change(read_model: Pool) -> None:
    """A complaint and its escalation may be in different partitions, so in different processes."""
    raised = example_envelope(example(ComplaintRaised), subject=CUSTOMER_ID, stream_id=COMPLAINT_ID, position=1)
    escalated = example_envelope(
        example(ComplaintEscalated, complaint_id=COMPLAINT_ID, level=2), stream_id=REPEATS_ID, position=2
    )
    other = asyncio.Event()

    async def first() -> None:
        async with transaction(read_model) as held:
            await projection.apply([fact_of(raised)], held)
            other.set()
            await asyncio.sleep(0.5)

    async def second() -> None:
        await other.wait()
        async with transaction(read_model) as held:
            await projection.apply([fact_of(escalated)], held)

    await asyncio.gather(first(), second())
    assert await read_model.fetchval("SELECT escalation_level FROM complaint") == 2


async def test_a_fact_is_stored_once(read_model: Pool) -> None:
    async with transaction(read_model) as held:
        await projection.apply([fact_of(registered)], held)
    changed_stage = example_envelope(example(StageChanged), position=registered.position)
    with pytest.raises(Exception, match="fact_pkey"):
        async with transaction(read_model) as held:
            await projection.apply([fact_of(changed_stage)], held)
    assert UUID(str(await read_model.fetchval("SELECT event_id FROM fact"))) == registered.id


@pytest.mark.parametrize("number", [b"1e400", b"-1.5e-400"], ids=str)
async def test_an_unknown_field_with_any_number_is_kept_and_can_be_read(read_model: Pool, number: bytes) -> None:
    raised = example_envelope(example(ComplaintRaised), subject=CUSTOMER_ID, stream_id=COMPLAINT_ID, position=1)
    escalated = example_envelope(
        example(ComplaintEscalated, complaint_id=COMPLAINT_ID, level=2), stream_id=REPEATS_ID, position=2
    )
    value = changed(value_of(escalated), data=msgspec.json.decode(fact_of(escalated).data) | {"ratio": "?"})
    fact = READER.read(FOLLOWUP_EVENTS.name, received(value.replace(b'"?"', number)))
    await apply(read_model, [fact_of(raised), fact])
    assert await read_model.fetchval("SELECT escalation_level FROM complaint") == 2
    assert await read_model.fetchval("SELECT data ->> 'ratio' IS NOT NULL FROM fact WHERE position = 2")
    assert await read_model.fetchval("SELECT data FROM fact WHERE position = 2")


async def test_a_number_at_the_limit_of_its_contract_fits_its_column(read_model: Pool) -> None:
    """A rebuild derives all rows at once: no fact in the log may make it fail."""
    started = example_envelope(example(PlanStarted, number=2**63 - 1), position=1)
    async with transaction(read_model) as held:
        await append([fact_of(started)], held)
        await projection.MODEL.derive(held)
    assert await read_model.fetchval("SELECT number FROM plan") == 2**63 - 1
