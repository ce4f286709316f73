"""A task that is cancelled while it closes its Kafka client ends, although the client suppresses the cancellation."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.group_coordinator import GroupCoordinator

from chassis.consume import consumer
from chassis.consume.pipelined import PipelinedApplier
from chassis.kafka import client
from chassis.publish import relay
from tests.faults.support.facts import commit
from tests.support.pipeline import Pipeline
from tests.support.waiting import background, eventually

Run = Callable[[], Awaitable[object]]


class FailedError(Exception):
    """The error after which a task closes its client by itself."""


async def fail(*_given: object) -> None:
    raise FailedError


async def nothing(*_given: object) -> None:
    return


@pytest.fixture
def closing(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """An event that is set when a client starts to close."""
    begun, close = asyncio.Event(), AIOKafkaClient.close

    async def say_and_close(client: AIOKafkaClient) -> None:
        begun.set()
        await close(client)

    monkeypatch.setattr(AIOKafkaClient, "close", say_and_close)
    return begun


@pytest.fixture
def closers(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> dict[str, Run]:
    """The tasks that close a client by themselves."""
    for module in (relay, consumer):
        monkeypatch.setattr(module, "ensure_topics", nothing)
    monkeypatch.setattr(relay.Relay, "_load_cursor", fail)
    monkeypatch.setattr(consumer.Consumer, "_consume_loop", fail)
    return {
        "relay": pipeline.relay().run,
        "consumer": pipeline.consumer().run,
        "topics": lambda: client.ensure_topics(pipeline.bootstrap, (pipeline.topic,)),
        "ends": lambda: client.record_counts(pipeline.bootstrap, pipeline.topic.name, [0]),
    }


async def stopped_in_closing(run: Run, closing: asyncio.Event) -> asyncio.Task[object]:
    """Cancel a task when its client starts to close, and return the task when it has ended."""
    closing.clear()
    task = asyncio.ensure_future(run())
    await closing.wait()
    task.cancel()
    await asyncio.wait([task], timeout=60)
    return task


@pytest.mark.parametrize("name", ["relay", "consumer", "topics", "ends"])
async def test_a_task_stopped_while_its_client_closes_is_stopped(
    pipeline: Pipeline, closers: dict[str, Run], closing: asyncio.Event, name: str
) -> None:
    await client.ensure_topics(pipeline.bootstrap, (pipeline.topic,))
    assert (await stopped_in_closing(closers[name], closing)).cancelled()


@pytest.mark.parametrize("place", [(PipelinedApplier, "abandon"), (GroupCoordinator, "_maybe_leave_group")])
async def test_a_consumer_stopped_again_while_it_stops_leaves_its_group(
    watched: Pipeline, monkeypatch: pytest.MonkeyPatch, place: tuple[type, str]
) -> None:
    stopping, step = asyncio.Event(), getattr(*place)

    async def say_and_take_a_moment(of: object) -> None:
        stopping.set()
        await asyncio.sleep(0.1)
        await step(of)

    async with background(watched.relay().run):
        await commit(watched.store, 10)
        first = asyncio.ensure_future(watched.consumer().run())
        await eventually(lambda: watched.has_seen(10))
        with monkeypatch.context() as slowed:
            slowed.setattr(*place, say_and_take_a_moment)
            first.cancel()
            await stopping.wait()
            first.cancel()
            await asyncio.wait([first])
        await commit(watched.store, 10)
        async with background(watched.consumer().run):
            await eventually(lambda: watched.has_seen(20))


async def test_a_client_closed_without_protection_lets_its_task_continue(
    pipeline: Pipeline, closing: asyncio.Event
) -> None:
    async def close() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=pipeline.bootstrap)
        await producer.start()
        await producer.stop()

    assert not (await stopped_in_closing(close, closing)).cancelled()
