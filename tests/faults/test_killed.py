"""R01, R13, R16, R17: the customer service is killed, at crash points and at random, under the standard load."""

import asyncio
import itertools
import random
from uuid import uuid4, uuid5

import pytest

from chassis.postgres.database import Pool
from chassis.store.event_store import EventStore
from contracts.topics import REPORTING_ERASURE_ANSWERS
from tests.faults.support import evidence, oracle
from tests.faults.support.customer_under_load import under_load, verdict
from tests.faults.support.deployment import (
    ALL_PUBLISHED,
    Deployment,
    Process,
    expire_lease,
    is_ready_at,
    keep_running_process,
    wait_until_true,
)
from tests.faults.support.facts import commit, commit_for_ever
from tests.faults.support.ledger import Ledger, Outcome
from tests.faults.support.load import Mix
from tests.support.servers import Database
from tests.support.topic_reader import ReceivedEvents, read_topics
from tests.support.waiting import background, eventually

SMALL = Mix(clients=4, customers=10, commands=40)
RECEIVED = "INSERT INTO erasure_received (erasure_id, subject, entries) VALUES ($1, gen_random_uuid(), 0)"
DICE = random.Random(11)  # noqa: S311 - repeatable, not secret


@pytest.mark.parametrize("place", ["append.before-commit", "append.after-commit", "response.after-head"])
async def test_r01_a_service_that_dies_before_its_response_loses_and_duplicates_nothing(
    deployment: Deployment, database: Database, ledger: Ledger, place: str
) -> None:
    service = await deployment.start("customer", "all", database.app, crash_at=place)
    async with background(lambda: keep_running_process(service, database)):
        await under_load(deployment, ledger, SMALL, lambda: service.url)
        await verdict(deployment, database, ledger.attempts)
    assert ledger.count(Outcome.UNKNOWN) > 0, "the process did not die"


async def kill_now_and_then(service: Process, count: int) -> None:
    """Kill the process `count` times, each time after a moment of work."""
    for _ in range(count):
        await eventually(lambda: is_ready_at(f"{service.url}/livez"))
        await asyncio.sleep(DICE.uniform(0.2, 0.8))
        await service.kill()


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.nightly)])
async def test_r01_a_service_killed_at_random_loses_and_duplicates_nothing(
    deployment: Deployment, database: Database, ledger: Ledger, kills: int
) -> None:
    service = await deployment.start("customer", "all", database.app)
    mix = Mix(commands=75 * kills)
    async with background(lambda: keep_running_process(service, database)):
        await asyncio.gather(
            under_load(deployment, ledger, mix, lambda: service.url), kill_now_and_then(service, kills)
        )
        await verdict(deployment, database, ledger.attempts)
    assert ledger.count(Outcome.UNKNOWN) > 0


async def test_r13_a_rolling_restart_loses_nothing_and_leaves_nothing_unknown(
    deployment: Deployment, database: Database, ledger: Ledger
) -> None:
    workers = [await deployment.start("customer", "all", database.app) for _ in range(2)]
    turn = itertools.count()

    def next_up() -> str:
        serving = [worker for worker in workers if worker.in_rotation]
        return serving[next(turn) % len(serving)].url

    async def roll() -> None:
        for worker in workers:
            await asyncio.sleep(0.4)
            worker.in_rotation = False
            assert await worker.terminate() == 0
            await worker.restart()
            worker.in_rotation = True

    await asyncio.gather(under_load(deployment, ledger, Mix(commands=600), next_up), roll())
    await verdict(deployment, database, ledger.attempts)
    assert ledger.count(Outcome.UNKNOWN) == 0


@pytest.mark.parametrize("place", ["relay.after-acknowledgement", "relay.before-produce"])
async def test_r16_r17_a_relay_that_dies_around_its_acknowledgement_repeats_at_most_one_batch(
    deployment: Deployment, database: Database, pool: Pool, place: str
) -> None:
    facts = len(await commit(EventStore(pool), 300))
    relay = await deployment.start("customer", "relay", database.app, crash_at=place)
    await relay.child.wait()
    await expire_lease(database)
    await relay.restart()
    await wait_until_true(pool, ALL_PUBLISHED)
    topic = await evidence.published(deployment.bootstrap, deployment.topic)
    oracle.hold(oracle.topic_is_complete(await evidence.stored(pool), topic))
    assert oracle.repeats(topic) == (facts if place == "relay.after-acknowledgement" else 0)


async def test_an_erasure_answer_that_was_sent_but_not_marked_before_a_crash_is_sent_again(
    deployment: Deployment, reporting: Database, read_model: Pool
) -> None:
    """For erasure answers of alerts and reporting (ADR 0022): a duplicate on the topic has the same id, counts once."""
    sender = await deployment.start(
        "reporting", "relay", reporting.app, crash_at="erasure-answers.after-acknowledgement"
    )
    await read_model.execute(RECEIVED, erasure_id := uuid4())
    await sender.child.wait()
    assert await read_model.fetchval("SELECT count(*) FROM erasure_received WHERE confirmed_at IS NULL") == 1
    await sender.restart()
    await wait_until_true(read_model, "SELECT count(*) = 1 FROM erasure_received WHERE confirmed_at IS NOT NULL")
    async with read_topics(deployment.bootstrap, deployment.own(REPORTING_ERASURE_ANSWERS).name) as listener:
        await eventually(lambda: is_received(listener, 2))
    assert {event.get_id() for event in listener.events} == {str(uuid5(erasure_id, "reporting"))}


async def is_received(listener: ReceivedEvents, times: int) -> bool:
    return len(listener.events) >= times


@pytest.mark.parametrize("kills", [1, pytest.param(20, marks=pytest.mark.nightly)])
async def test_r17_a_relay_killed_while_it_sends_skips_nothing(
    deployment: Deployment, database: Database, pool: Pool, kills: int
) -> None:
    relay = await deployment.start("customer", "relay", database.app)
    async with background(lambda: keep_running_process(relay, database), lambda: commit_for_ever(pool)):
        await kill_now_and_then(relay, kills)
        await eventually(lambda: pool.fetchval("SELECT position > $1 FROM store_head", 100 * kills))
    await relay.kill()
    await expire_lease(database)
    await relay.restart()
    await wait_until_true(pool, ALL_PUBLISHED)
    stored = await evidence.stored(pool)
    oracle.hold(oracle.topic_is_complete(stored, await evidence.published(deployment.bootstrap, deployment.topic)))
