"""R18, R25: Kafka is unavailable, or comes back empty; the stores refill it while all services keep running."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from chassis.publish import relay
from chassis.runtime.supervisor import Health
from contracts.example_records import EXAMPLE_URL
from contracts.topics import Topic
from deploy.stack import credentials, kafka, providers
from deploy.stack.infrastructure import temporary_data_dir
from deploy.stack.ports import free_port
from deploy.stack.providers import Server, StartOptions
from tests.faults.support import evidence, oracle
from tests.faults.support.deployment import ALL_PUBLISHED, wait_until_true
from tests.faults.support.facts import change, commit
from tests.faults.support.relay_process import delete_records, delete_topic, supervised
from tests.support.pipeline import Pipeline
from tests.support.servers import Servers
from tests.support.waiting import background, eventually


@dataclass
class Broker:
    """A Kafka of the test's own, which can be lost."""

    data_dir: Path
    port: int
    running: AsyncExitStack
    server: Server | None = None

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        options = StartOptions(self.data_dir, self.port, credentials.load(self.data_dir), lambda _text: None)
        self.server = await self.running.enter_async_context(
            providers.start_server("Kafka", kafka.providers(), options)
        )

    async def stop(self) -> None:
        """Kill it, so that it does not shut down cleanly."""
        for child in self.server.children if self.server else ():
            child.send(signal.SIGKILL)
        await self.running.aclose()

    def wipe(self) -> None:
        shutil.rmtree(self.data_dir / "kafka")


@pytest.fixture
async def broker(running: Servers) -> AsyncIterator[Broker]:
    if not any(child.name == "Kafka" for child in running.infrastructure.children):
        pytest.skip("Apache Kafka is not a process of this run")
    with temporary_data_dir() as data_dir:
        made = Broker(data_dir, free_port(), AsyncExitStack())
        await made.start()
        yield made
        await made.stop()


@pytest.mark.parametrize("relay_runs", [True, False])
async def test_68_a_topic_whose_records_were_all_deleted_by_retention_is_refilled(
    watched: Pipeline, monkeypatch: pytest.MonkeyPatch, *, relay_runs: bool
) -> None:
    monkeypatch.setattr(relay, "RECHECK_SECONDS", 0.5)
    async with background(supervised(watched.relay()), supervised(watched.consumer())):
        await commit(watched.store, 30)
        await eventually(lambda: watched.has_seen(30))
        if relay_runs:
            await delete_records(watched.bootstrap, watched.topic, kept=0)
    if not relay_runs:
        await delete_records(watched.bootstrap, watched.topic, kept=0)
    async with background(supervised(watched.relay()), supervised(watched.consumer())):
        await commit(watched.store, 10)
        await eventually(lambda: watched.has_seen(40))
        await eventually(lambda: is_complete(watched))
    oracle.hold(oracle.applied_once(await evidence.stored(watched.pool), await evidence.applied(watched.pool)))


async def is_complete(pipeline: Pipeline) -> bool:
    topic = await evidence.published(pipeline.bootstrap, pipeline.topic)
    return not oracle.topic_is_complete(await evidence.stored(pipeline.pool), topic)


async def test_r25_a_kafka_that_lost_everything_is_refilled(watched: Pipeline, broker: Broker) -> None:
    pipeline = replace(watched, bootstrap=broker.bootstrap)
    async with background(supervised(pipeline.relay()), supervised(pipeline.consumer())):
        ids = await commit(pipeline.store, 100, changes=4)
        await eventually(lambda: pipeline.has_seen(500))
        await broker.stop()
        broker.wipe()
        await change(pipeline.store, ids, "while Kafka was away")
        await broker.start()
        await eventually(lambda: pipeline.has_seen(600))
        await wait_until_true(pipeline.pool, ALL_PUBLISHED)
        topic = await evidence.published(broker.bootstrap, pipeline.topic)
    stored = await evidence.stored(pipeline.pool)
    oracle.hold(
        oracle.topic_is_complete(stored, topic),
        oracle.applied_once(stored, await evidence.applied(pipeline.pool)),
    )


@pytest.mark.nightly
async def test_r18_the_backlog_of_a_kafka_outage_is_published_in_order(watched: Pipeline, broker: Broker) -> None:
    pipeline = replace(watched, bootstrap=broker.bootstrap)
    async with background(supervised(pipeline.relay()), supervised(pipeline.consumer())):
        ids = await commit(pipeline.store, 100)
        await eventually(lambda: pipeline.has_seen(100))
        await broker.stop()
        for number in range(50):
            await change(pipeline.store, ids, f"change {number}")
        await asyncio.sleep(10)
        await broker.start()
        await eventually(lambda: pipeline.has_seen(5_100))
        topic = await evidence.published(broker.bootstrap, pipeline.topic)
    stored = await evidence.stored(pipeline.pool)
    oracle.hold(
        oracle.topic_is_complete(stored, topic),
        oracle.applied_once(stored, await evidence.applied(pipeline.pool)),
    )


async def test_a_companion_topic_that_is_lost_alone_is_filled_again(watched: Pipeline) -> None:
    companion = Topic(f"{watched.topic.name}.open", "customer", "A copy.", (), partitions=watched.topic.partitions)

    def with_companion() -> relay.Relay:
        return relay.Relay(
            watched.store,
            watched.pool,
            watched.topic,
            bootstrap=watched.bootstrap,
            public_url=EXAMPLE_URL,
            health=Health("relay"),
            companion=(companion, lambda _type, _stream, record: record),
        )

    async def is_complete(count: int) -> bool:
        return len({each.position for each in await evidence.published(watched.bootstrap, companion)}) == count

    async with background(with_companion().run, watched.consumer().run):
        await commit(watched.store, 20)
        await eventually(lambda: watched.has_seen(20))
        assert await is_complete(20)
    await delete_topic(watched.bootstrap, companion)
    async with background(with_companion().run, watched.consumer().run):
        await commit(watched.store, 5)
        await eventually(lambda: is_complete(25))
        await eventually(lambda: watched.has_seen(25))
