"""Runs a relay under supervision, and checks its topic against the store."""

from collections.abc import Awaitable, Callable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from chassis.consume.consumer import Consumer
from chassis.publish.relay import Relay
from chassis.runtime.supervisor import Health, keep_running
from contracts.topics import Topic
from tests.faults.support import evidence, oracle
from tests.faults.support.deployment import ALL_PUBLISHED, wait_until_true
from tests.support.pipeline import Pipeline
from tests.support.waiting import eventually


def supervised(task: Relay | Consumer, health: Health | None = None) -> Callable[[], Awaitable[None]]:
    """Return a task that is restarted whenever it fails, as in a service."""
    return lambda: keep_running(health or Health("task"), task.run)


async def check_topic(pipeline: Pipeline) -> None:
    """Wait until all events are published, and check the topic against the store."""
    await wait_until_true(pipeline.pool, ALL_PUBLISHED)
    topic = await evidence.published(pipeline.bootstrap, pipeline.topic)
    oracle.hold(oracle.topic_is_complete(await evidence.stored(pipeline.pool), topic))


async def detail_contains(health: Health, words: str) -> bool:
    return words in health.detail


async def delete_topic(bootstrap: str, topic: Topic) -> None:
    """Delete a topic, and wait until it is gone."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.delete_topics([topic.name])
    await eventually(lambda: gone(admin, topic.name))
    await admin.close()


async def delete_records(bootstrap: str, topic: Topic, *, kept: int) -> None:
    """Delete all but the last `kept` records of each partition, as retention would."""
    places = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as reader:
        ends = await reader.end_offsets(places)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.delete_records(
        {place: RecordsToDelete(before_offset=max(0, end - kept)) for place, end in ends.items()}
    )
    await admin.close()


async def gone(admin: AIOKafkaAdminClient, name: str) -> bool:
    return name not in await admin.list_topics()
