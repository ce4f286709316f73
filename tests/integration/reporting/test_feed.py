"""Three topics on Kafka are projected into one read model."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from chassis.consume.applier import Applier
from chassis.consume.consumer import Consumer
from chassis.consume.fact_log.fact import FactReader
from chassis.kafka.client import ensure_topics, partition_of
from chassis.postgres.database import Pool
from chassis.runtime.supervisor import Health
from contracts.event import Envelope
from contracts.topics import Topic
from services.reporting import projection
from tests.support.records import record_of
from tests.support.servers import Servers
from tests.support.waiting import background, eventually
from tests.unit.reporting.story import ALERT_FACTS, CUSTOMER_FACTS, FOLLOWUP_FACTS, IN_TOPIC_ORDER


async def test_three_topics_in_any_order_become_one_read_model(running: Servers, read_model: Pool) -> None:
    bootstrap, suffix = running.infrastructure.kafka_bootstrap, uuid4().hex
    customers, followups, alerts = (replace(topic, name=f"{topic.name}.{suffix}") for topic in projection.TOPICS)
    await ensure_topics(bootstrap, (customers, followups, alerts))
    applier = Applier(
        f"reporting-{suffix}",
        read_model,
        projection.apply,
        decode=FactReader([customers, followups, alerts]).read,
    )
    consumer = Consumer(applier, [customers, followups, alerts], bootstrap=bootstrap, health=Health("reporting"))

    async def heard(count: int) -> bool:
        return bool(await read_model.fetchval("SELECT count(*) = $1 FROM fact", count))

    async with background(consumer.run):
        await publish(bootstrap, alerts, ALERT_FACTS)
        await publish(bootstrap, followups, FOLLOWUP_FACTS)
        await eventually(lambda: heard(len(ALERT_FACTS) + len(FOLLOWUP_FACTS)))
        await publish(bootstrap, customers, CUSTOMER_FACTS)
        await publish(bootstrap, customers, CUSTOMER_FACTS)
        await eventually(lambda: heard(len(IN_TOPIC_ORDER)))
    assert await read_model.fetchval("SELECT count(*) FROM customer") == 2
    assert await read_model.fetchval("SELECT count(*) FROM parked_event") == 0


async def publish(bootstrap: str, topic: Topic, facts: Sequence[Envelope[Any]]) -> None:
    """Send facts as the relay would: each names the one before it on its partition."""
    before: dict[int, int] = {}
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    for fact in facts:
        partition = partition_of(str(fact.subject).encode(), topic.partitions)
        key, value, headers = record_of(fact, before.get(partition, 0))
        before[partition] = fact.position
        await producer.send_and_wait(topic.name, value, key, partition, headers=headers)
    await producer.stop()
