"""R20: for each error code of the broker, the relay retries in order or stops; no record is lost or reordered."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from aiokafka.producer.message_accumulator import MessageBatch

from chassis.runtime import metrics
from chassis.runtime.supervisor import Health
from contracts.topics import watermarks_of
from tests.faults.support.deployment import ALL_PUBLISHED, wait_until_true
from tests.faults.support.facts import change, commit
from tests.faults.support.mock_broker import Api, MockBroker, mock_broker
from tests.faults.support.relay_process import check_topic, supervised
from tests.support.pipeline import Pipeline
from tests.support.waiting import background

# Codes of Kafka's protocol. The client retries after the first ones; the others end the producer.
PASSING = {
    3: "unknown topic or partition",
    5: "leader not available",
    6: "not the leader",
    7: "request timed out",
    16: "not the coordinator",
    19: "not enough replicas",
    20: "not enough replicas after the append",
    56: "storage error",
}
ENDING = {
    10: "message too large",
    29: "topic authorisation failed",
    45: "out of order sequence",
    47: "invalid producer epoch",
    87: "invalid record",
}
TWICE = 2


@dataclass(frozen=True, slots=True)
class RelayRun:
    """A relay that publishes to a broker with configured errors."""

    broker: MockBroker
    pipeline: Pipeline
    health: Health

    @property
    def stops(self) -> float:
        """Return how often the relay was restarted, by its metric."""
        return float(metrics.TASK_RESTARTS.labels(self.health.name)._value.get())


@pytest.fixture(scope="module")
def broker() -> Iterator[MockBroker]:
    with mock_broker() as running:
        yield running


@pytest.fixture
def relay_run(broker: MockBroker, pipeline: Pipeline) -> RelayRun:
    broker.create(pipeline.topic)
    broker.create(watermarks_of(pipeline.topic))
    return RelayRun(broker, replace(pipeline, bootstrap=broker.bootstrap), Health(f"relay of {pipeline.name}"))


@asynccontextmanager
async def at_work(relay_run: RelayRun) -> AsyncIterator[None]:
    """Publish ten customers; after the block, publish further events and check that all are on the topic in order."""
    async with background(supervised(relay_run.pipeline.relay(), relay_run.health)):
        ids = await commit(relay_run.pipeline.store, 10)
        await wait_until_true(relay_run.pipeline.pool, ALL_PUBLISHED)
        yield
        for number in range(3):
            await change(relay_run.pipeline.store, ids, f"change {number}")
        await check_topic(relay_run.pipeline)


@pytest.mark.parametrize("code", PASSING, ids=PASSING.get)
async def test_r20_a_temporary_error_is_retried_in_order_by_the_same_producer(relay_run: RelayRun, code: int) -> None:
    async with at_work(relay_run):
        relay_run.broker.answer(Api.PRODUCE, [code] * TWICE)
    assert relay_run.stops == 0


@pytest.mark.parametrize("code", ENDING, ids=ENDING.get)
async def test_r20_a_permanent_error_stops_the_relay_which_resumes_without_a_gap(
    relay_run: RelayRun, code: int
) -> None:
    async with at_work(relay_run):
        relay_run.broker.answer(Api.PRODUCE, [code] * TWICE)
    assert relay_run.stops == TWICE


@pytest.mark.parametrize("code", [7, 16, 29, 47], ids=(PASSING | ENDING).get)
async def test_r20_a_producer_without_a_producer_id_requests_one_again(relay_run: RelayRun, code: int) -> None:
    relay_run.broker.answer(Api.INIT_PRODUCER_ID, [code] * TWICE)
    async with at_work(relay_run):
        pass


@pytest.mark.parametrize("code", [3, 5, 29], ids=(PASSING | ENDING).get)
async def test_r20_the_relay_waits_for_a_topic_without_metadata(relay_run: RelayRun, code: int) -> None:
    relay_run.broker.spoil(relay_run.pipeline.topic, code)
    asyncio.get_running_loop().call_later(1, relay_run.broker.spoil, relay_run.pipeline.topic, 0)
    async with at_work(relay_run):
        pass


async def test_r20_a_client_that_takes_an_error_for_an_acknowledgement_is_caught(
    relay_run: RelayRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MessageBatch, "failure", lambda batch, exception: batch.done(0, 0, 0))  # noqa: ARG005
    with pytest.raises(AssertionError, match=r"I4: position .* is not on the topic"):
        async with at_work(relay_run):
            relay_run.broker.answer(Api.PRODUCE, [min(ENDING)] * TWICE)
