"""R20: whatever code the broker answers with, nothing is lost and nothing overtakes: retried in order, or stopped."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from aiokafka.producer.message_accumulator import MessageBatch

from chassis.runtime import metrics
from chassis.runtime.supervisor import Health
from tests.faults.support.facts import change, commit
from tests.faults.support.house import ALL_PUBLISHED, quiet
from tests.faults.support.line import supervised, topic_holds
from tests.faults.support.mock_broker import Api, MockBroker, mock_broker
from tests.support.pipeline import Pipeline
from tests.support.waiting import background

# Codes of Kafka's protocol. The client sends again after the first ones; the others end the producer.
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
class Line:
    """A relay at work for a broker that answers as it is told to."""

    broker: MockBroker
    pipeline: Pipeline
    health: Health

    @property
    def stops(self) -> float:
        """How often the relay ended and was started again, as Prometheus is told."""
        return float(metrics.TASK_RESTARTS.labels(self.health.name)._value.get())


@pytest.fixture(scope="module")
def broker() -> Iterator[MockBroker]:
    with mock_broker() as running:
        yield running


@pytest.fixture
def line(broker: MockBroker, pipeline: Pipeline) -> Line:
    broker.create(pipeline.topic)
    return Line(broker, replace(pipeline, bootstrap=broker.bootstrap), Health(f"relay of {pipeline.name}"))


@asynccontextmanager
async def at_work(line: Line) -> AsyncIterator[None]:
    """Publish ten customers; after the block they get more facts, and the topic has to hold all of them in order."""
    async with background(supervised(line.pipeline.relay(), line.health)):
        ids = await commit(line.pipeline.store, 10)
        await quiet(line.pipeline.pool, ALL_PUBLISHED)
        yield
        for number in range(3):
            await change(line.pipeline.store, ids, f"change {number}")
        await topic_holds(line.pipeline)


@pytest.mark.parametrize("code", PASSING, ids=PASSING.get)
async def test_r20_an_error_that_passes_is_retried_in_order_by_the_same_producer(line: Line, code: int) -> None:
    async with at_work(line):
        line.broker.answer(Api.PRODUCE, [code] * TWICE)
    assert line.stops == 0


@pytest.mark.parametrize("code", ENDING, ids=ENDING.get)
async def test_r20_an_error_that_does_not_pass_stops_the_line_which_resumes_without_a_skip(
    line: Line, code: int
) -> None:
    async with at_work(line):
        line.broker.answer(Api.PRODUCE, [code] * TWICE)
    assert line.stops == TWICE


@pytest.mark.parametrize("code", [7, 16, 29, 47], ids=(PASSING | ENDING).get)
async def test_r20_a_producer_that_is_refused_its_number_asks_again(line: Line, code: int) -> None:
    line.broker.answer(Api.INIT_PRODUCER_ID, [code] * TWICE)
    async with at_work(line):
        pass


@pytest.mark.parametrize("code", [3, 5, 29], ids=(PASSING | ENDING).get)
async def test_r20_a_topic_that_cannot_be_looked_up_is_waited_for(line: Line, code: int) -> None:
    line.broker.spoil(line.pipeline.topic, code)
    asyncio.get_running_loop().call_later(1, line.broker.spoil, line.pipeline.topic, 0)
    async with at_work(line):
        pass


async def test_r20_a_client_that_takes_an_error_for_an_acknowledgement_is_caught(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MessageBatch, "failure", lambda batch, exception: batch.done(0, 0, 0))  # noqa: ARG005
    with pytest.raises(AssertionError, match=r"I4: position .* is not on the topic"):
        async with at_work(line):
            line.broker.answer(Api.PRODUCE, [min(ENDING)] * TWICE)
