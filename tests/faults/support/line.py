"""A relay as a service runs it, and what its topic has to hold when all is published."""

from collections.abc import Awaitable, Callable

from chassis.consumer import Consumer
from chassis.relay import Relay
from chassis.supervisor import Health, keep_running
from tests.faults.support import evidence, oracle
from tests.faults.support.house import ALL_PUBLISHED, quiet
from tests.support.pipeline import Pipeline


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
