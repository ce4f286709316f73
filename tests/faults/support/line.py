"""A relay as a service runs it, and what its topic has to hold when all is published."""

from collections.abc import Awaitable, Callable

from aiokafka.admin import AIOKafkaAdminClient

from chassis.consume.consumer import Consumer
from chassis.publish.relay import Relay
from chassis.runtime.supervisor import Health, keep_running
from contracts.topics import Topic
from tests.faults.support import evidence, oracle
from tests.faults.support.house import ALL_PUBLISHED, quiet
from tests.support.pipeline import Pipeline
from tests.support.waiting import eventually


def supervised(task: Relay | Consumer, health: Health | None = None) -> Callable[[], Awaitable[None]]:
    """Return a task as a service runs it: started again whenever it fails."""
    return lambda: keep_running(health or Health("task"), task.run)


async def topic_holds(pipeline: Pipeline) -> None:
    """Wait until the relay says that all is published, and hold the topic against the store."""
    await quiet(pipeline.pool, ALL_PUBLISHED)
    topic = await evidence.published(pipeline.bootstrap, pipeline.topic)
    oracle.hold(oracle.topic_is_complete(await evidence.stored(pipeline.pool), topic))


async def says(health: Health, words: str) -> bool:
    return words in health.detail


async def empty(bootstrap: str, topic: Topic) -> None:
    """Delete a topic, and wait until it is gone."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.delete_topics([topic.name])
    await eventually(lambda: gone(admin, topic.name))
    await admin.close()


async def gone(admin: AIOKafkaAdminClient, name: str) -> bool:
    return name not in await admin.list_topics()
