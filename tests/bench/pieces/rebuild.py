"""Reporting's read model: live, rebuilt, and derived from its facts, against COPY of the same rows."""

import asyncio
from dataclasses import replace
from functools import partial
from time import perf_counter
from uuid import uuid4

from chassis.consume.applier import Applier
from chassis.consume.consumer import MAX_FACTS, Consumer
from chassis.consume.fact_log.fact import FactReader
from chassis.consume.fact_log.model import FACT, append
from chassis.consume.positions import Source
from chassis.consume.rebuild import SESSION, ReadModel, Rebuild
from chassis.kafka.client import ensure_topics
from chassis.kafka.cloudevents import read
from chassis.kafka.records import Record
from chassis.postgres.database import Pool, open_pool, transaction
from chassis.runtime.supervisor import Health
from chassis.service import collect_less_often
from deploy.stack.infrastructure import Infrastructure
from services.reporting import projection
from tests.bench.harness.event_data import LIFE, mixed
from tests.bench.harness.measuring import Bed, Figure, interleaved, rate
from tests.bench.pieces.apply import copied_per_second, make_floor, received
from tests.bench.pieces.relay import producer_for, send
from tests.support.waiting import background

EVENTS_PER_SECOND_OF_EFFORT = 20_000
LOOK_SECONDS = 0.01
DEADLINE_SECONDS = 300.0
TARGET, REBUILD_TARGET, DERIVE_TARGET = 0.25, 0.4, 1.2
APPLIED = "SELECT coalesce(sum(position), 0) FROM consumer_position WHERE consumer = $1"


async def measure(bed: Bed) -> list[Figure]:
    envelopes = list(mixed(round(EVENTS_PER_SECOND_OF_EFFORT * bed.effort.seconds / len(LIFE))))
    count = len(envelopes)
    bed.say(f"rebuild: {count} events of {count // len(LIFE)} customers, read from Kafka")
    topics = {topic.name: replace(topic, name=f"{topic.name}.{uuid4().hex}") for topic in projection.TOPICS}
    await ensure_topics(bed.servers.infrastructure.kafka_bootstrap, tuple(topics.values()))
    sent: dict[tuple[str, int], list[Record]] = {}
    ends: dict[Source, int] = {}
    for source, record in received(envelopes):
        ends[source] = int(read(record.headers, record.value).position)
        sent.setdefault((topics[source.topic].name, source.partition), []).append(
            (record.key, record.value, list(record.headers))
        )
    await publish(bed.servers.infrastructure, sent)
    async with bed.store("reporting") as (database, pool):
        bootstrap = bed.servers.infrastructure.kafka_bootstrap
        consumer = partial(Consumer, topics=list(topics.values()), bootstrap=bootstrap, max_records=MAX_FACTS)
        model = ReadModel(
            Applier(f"bench-{uuid4().hex}", pool, projection.apply, decode=FactReader(list(topics.values())).read),
            projection.MODEL.names,
            lambda applier, health, shared: consumer(applier, health=health, shared=shared).run,
            fill=append,
            derive=projection.derive,
            filled=(FACT,),
        )
        collect_less_often()
        live = await consumed_per_second(pool, model, count, sum(ends.values()))
        copies = await make_floor(database)
        owner = await open_pool(database.admin, size=4, application_name="bench", session=SESSION)

        async def rebuilt_per_second() -> float:
            started_at = perf_counter()
            await Rebuild(model, owner).run(lambda _share: None)
            return count / (perf_counter() - started_at)

        async def copied() -> float:
            return await copied_per_second(database, count, copies)

        async def derived() -> float:
            return await derived_per_second(owner, count)

        rebuilt, derived_rates, floor = await interleaved(bed.effort.rounds, rebuilt_per_second, derived, copied)
        await owner.close()
    return [
        rate("live", "events/s", [live] * len(floor), floor, TARGET),
        rate("rebuild", "events/s", rebuilt, floor, REBUILD_TARGET),
        rate("state tables from facts", "events/s", derived_rates, floor, DERIVE_TARGET),
    ]


async def derived_per_second(owner: Pool, count: int) -> float:
    """Derive the state tables again from the facts that are there, in one transaction."""
    states = [name for name in projection.MODEL.names if name != FACT]
    async with transaction(owner) as held:
        await held.execute(f"TRUNCATE {', '.join(states)}")
        started_at = perf_counter()
        await projection.MODEL.derive(held)
    return count / (perf_counter() - started_at)


async def publish(kafka: Infrastructure, sent: dict[tuple[str, int], list[Record]]) -> None:
    async with producer_for(kafka) as producer, asyncio.TaskGroup() as group:
        for (topic, partition), records in sent.items():
            group.create_task(send(producer, topic, partition, records))


async def consumed_per_second(pool: Pool, model: ReadModel, count: int, last: int) -> float:
    """Let the live consumer apply everything, from its first batch until its positions sum to `last`."""
    started_at = 0.0
    async with background(model.follow(Health("bench"))), asyncio.timeout(DEADLINE_SECONDS):
        while (seen := await pool.fetchval(APPLIED, model.applier.name)) < last:
            started_at = started_at or (perf_counter() if seen else 0.0)
            await asyncio.sleep(LOOK_SECONDS)
        return count / (perf_counter() - started_at)
