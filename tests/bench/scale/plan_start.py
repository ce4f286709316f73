"""Plan starts for very many customers at once, as after an import of deliveries, against appends of the same events.

Once as the policy hears of the deliveries, and once from Kafka, by its consumer, with requests to the same process.
"""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter, process_time
from typing import Any
from uuid import UUID, uuid4

import httpx
import uuid_utils.compat as uuid_utils

from chassis.consume.consumer import Consumer
from chassis.kafka.client import ensure_topics, partition_of
from chassis.postgres.database import Pool, transaction
from chassis.runtime.clock import utc_now
from chassis.runtime.supervisor import Health
from chassis.store.append import Answer, Append
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.customer import Kind, OrderDelivered, Registered
from contracts.event import Envelope, Event
from contracts.examples import CUSTOMER_NAME, OWNER, example, example_envelope
from contracts.followup import PlanStarted, TaskScheduled
from contracts.topics import CUSTOMER_EVENTS
from deploy.stack import tokens
from services.followup import workers
from services.followup.__main__ import build
from services.followup.dependencies import Dependencies
from services.followup.domain.customer_ref import CustomerRef
from services.followup.plans import memory
from services.followup.plans.runner import PlanRunner
from services.followup.projection import customers
from services.followup.shipped.plan_templates import TEMPLATES
from tests.bench.harness.measuring import Bed, Figure, percentile, rate
from tests.bench.pieces.relay import by_partition, producer_for, send
from tests.security.world import parts
from tests.support.records import record_of
from tests.support.waiting import background, eventually
from tests.unit.chassis.issuer import ISSUER, client_of

TEMPLATE = next(each for each in TEMPLATES if each.name == "after-delivery")
EVENTS_A_PLAN = 1 + len(TEMPLATE.steps)
BATCH = 500
DEADLINE_SECONDS = 300.0
ASK_SECONDS = 0.05
ZONE = "Asia/Shanghai"
BEGUN = """
    SELECT count(*), count(DISTINCT customer_id), sum((SELECT count(*) FROM jsonb_object_keys(tasks))) FROM plan
"""
STORED = "SELECT type, count(*) FROM event WHERE subject = ANY($1) GROUP BY type"
APPLIED = "SELECT coalesce(sum(position), 0) FROM consumer_position WHERE consumer = $1"


async def measure(bed: Bed, plans: int) -> list[Figure]:
    told, sent, others = ([uuid_utils.uuid7() for _ in range(plans)] for _ in range(3))
    async with bed.store("followup") as (_, pool):
        signer = tokens.signer(bed.data_dir, ISSUER)
        service = build(parts(pool, signer))
        needs: Dependencies = service.app.state.dependencies
        await make_known(pool, [*told, *sent])
        busy_since = process_time()
        started = await started_per_second(pool, workers.plan_runner(needs, ZONE), told)
        busy_seconds = process_time() - busy_since
        floor = await appended_per_second(EventStore(pool), others)
        async with client_of(service.app) as client:
            client.headers["Authorization"] = f"Bearer {tokens.mint(signer, 'ops', ['ops'])}"
            from_kafka, asked = await consumed_per_second(bed, pool, needs, sent, client)
        await all_have_begun(pool, [*told, *sent])
    bed.say(f"planstart: {plans} plans of {EVENTS_A_PLAN} events each, twice; none is missing, none begun twice")
    return [
        rate(f"begin {plans} plans at once", "plans/s", [started], [floor]),
        Figure("begin a plan, processor time of the service", busy_seconds / plans * 1_000, "ms"),
        rate(f"begin {plans} plans at once, from Kafka, with requests", "plans/s", [from_kafka], [floor]),
        Figure(f"begin {plans} plans at once, from Kafka, in all", plans / from_kafka, "s"),
        Figure("a request to the same process meanwhile, p50", percentile(asked, 0.5), "ms"),
        Figure("a request to the same process meanwhile, p99", percentile(asked, 0.99), "ms"),
    ]


async def make_known(pool: Pool, ids: Sequence[UUID]) -> None:
    """Let followup know the customers and put the template in force."""
    for first in range(0, len(ids), BATCH):
        some = ids[first : first + BATCH]
        known = [CustomerRef(each, Kind.COMPANY, CUSTOMER_NAME, OWNER) for each in some]
        async with transaction(pool) as held:
            registered = Registered(kind=Kind.COMPANY, name=CUSTOMER_NAME)
            await customers.apply([example_envelope(registered, subject=each) for each in some], held)
            await memory.save_customers(held, known)
    async with transaction(pool) as held:
        await memory.publish(held, TEMPLATE, utc_now())


async def started_per_second(pool: Pool, planning: PlanRunner, ids: Sequence[UUID]) -> float:
    """Let the policy hear that each customer's order was delivered, in batches as its consumer would."""
    delivered = [heard(example(OrderDelivered), each) for each in ids]
    started_at = perf_counter()
    for first in range(0, len(delivered), BATCH):
        async with transaction(pool) as held:
            await planning.receive(delivered[first : first + BATCH], held)
    return len(ids) / (perf_counter() - started_at)


async def consumed_per_second(
    bed: Bed, pool: Pool, needs: Dependencies, ids: Sequence[UUID], client: httpx.AsyncClient
) -> tuple[float, list[float]]:
    """Let the consumer work off the deliveries; return plans/s, and how many ms each request took meanwhile."""
    kafka = bed.servers.infrastructure
    topic = replace(CUSTOMER_EVENTS, name=f"{CUSTOMER_EVENTS.name}.{uuid4().hex}")
    await ensure_topics(kafka.kafka_bootstrap, (topic,))
    ends = {partition_of(str(each).encode(), topic.partitions): at for at, each in enumerate(ids, 1)}
    records = by_partition([heard(example(OrderDelivered), each, at) for at, each in enumerate(ids, 1)], record_of)
    async with producer_for(kafka) as producer, asyncio.TaskGroup() as group:
        for partition, own in records.items():
            group.create_task(send(producer, topic.name, partition, own))
    (of_customers, *_), _ = workers.assemble(parts(pool, tokens.signer(bed.data_dir, ISSUER)), needs)
    consumer = Consumer(of_customers, [topic], bootstrap=kafka.kafka_bootstrap, health=Health("bench"))
    before = await needs.store.head()

    async def has_begun() -> bool:
        return await needs.store.head() > before

    async def is_done() -> bool:
        return bool(await pool.fetchval(APPLIED, of_customers.name) >= sum(ends.values()))

    asked: list[float] = []
    async with background(consumer.run):
        await eventually(has_begun, within=DEADLINE_SECONDS)
        started_at = perf_counter()
        async with background(lambda: ask_on_and_on(client, ids, asked)):
            await eventually(is_done, within=DEADLINE_SECONDS)
        return len(ids) / (perf_counter() - started_at), asked


async def ask_on_and_on(client: httpx.AsyncClient, ids: Sequence[UUID], asked: list[float]) -> None:
    """Ask for one customer's plans after the other; whoever is refused fails."""
    for customer_id in itertools.cycle(ids):
        started_at = perf_counter()
        (await client.get(f"/v1/customers/{customer_id}/plans")).raise_for_status()
        asked.append((perf_counter() - started_at) * 1_000)
        await asyncio.sleep(ASK_SECONDS)


async def appended_per_second(store: EventStore, ids: Sequence[UUID]) -> float:
    """Append as many events of the same kinds, ready beforehand: an append for each plan, grouped."""
    mapper = EventMapper()
    ready = [
        Append(
            key=f"floor|{each}",
            answer=Answer(b"", 200, b"{}"),
            events=[mapper.to_new_event(envelope) for envelope in of_a_plan(each)],
        )
        for each in ids
    ]
    started_at = perf_counter()
    for first in range(0, len(ready), BATCH):
        await asyncio.gather(*(store.append(append) for append in ready[first : first + BATCH]))
    return len(ids) / (perf_counter() - started_at)


def of_a_plan(customer_id: UUID) -> list[Envelope[Any]]:
    tasks = [heard(example(TaskScheduled), customer_id) for _ in TEMPLATE.steps]
    return [heard(example(PlanStarted), customer_id), *tasks]


def heard(event: Event, customer_id: UUID, position: int = 1) -> Envelope[Any]:
    now = utc_now()
    return example_envelope(
        event,
        id=uuid4(),
        stream_id=uuid4(),
        subject=customer_id,
        position=position,
        occurred_at=now,
        recorded_at=now,
    )


async def all_have_begun(pool: Pool, ids: Sequence[UUID]) -> None:
    """Raise AssertionError unless each has one plan with all its tasks, remembered and in the log, once."""
    plans, steps = len(ids), len(ids) * len(TEMPLATE.steps)
    found = await pool.fetchrow(BEGUN)
    stored = {row["type"]: row["count"] for row in await pool.fetch(STORED, ids)}
    wanted = {example(PlanStarted).type: plans, example(TaskScheduled).type: steps}
    if found is None or tuple(found) != (plans, plans, steps) or stored != wanted:
        raise AssertionError(f"{found}, {stored}: there should be {plans} plans, and {steps} tasks")
