"""R01, R13, R16, R17: the customer service dies, at chosen places and at random, under the standard load."""

import asyncio
import itertools
import random
from uuid import uuid4, uuid5

import pytest

from chassis.postgres.database import Pool
from chassis.store.event_store import EventStore
from contracts.topics import REPORTING_ERASURE_ANSWERS
from tests.faults.support import evidence, oracle
from tests.faults.support.facts import commit, commit_for_ever
from tests.faults.support.house import ALL_PUBLISHED, House, Process, expire_lease, keep_up, quiet, says_yes
from tests.faults.support.ledger import Ledger, Outcome
from tests.faults.support.load import Mix
from tests.faults.support.whole import under_load, verdict
from tests.support.listening import Heard, listening
from tests.support.servers import Database
from tests.support.waiting import background, eventually

SMALL = Mix(clients=4, customers=10, commands=40)
RECEIVED = "INSERT INTO erasure_received (erasure_id, subject, entries) VALUES ($1, gen_random_uuid(), 0)"
DICE = random.Random(11)  # noqa: S311 - repeatable, not secret


@pytest.mark.parametrize("place", ["append.before-commit", "append.after-commit", "response.after-head"])
async def test_r01_a_service_that_dies_on_the_way_to_an_answer_loses_and_doubles_nothing(
    house: House, database: Database, ledger: Ledger, place: str
) -> None:
    service = await house.start("customer", "all", database.app, crash_at=place)
    async with background(lambda: keep_up(service, database)):
        await under_load(house, ledger, SMALL, lambda: service.url)
        await verdict(house, database, ledger.attempts)
    assert ledger.count(Outcome.UNKNOWN) > 0, "the process did not die"


async def kill_now_and_then(service: Process, count: int) -> None:
    """Kill it `count` times, each time after it has worked for a moment."""
    for _ in range(count):
        await eventually(lambda: says_yes(f"{service.url}/livez"))
        await asyncio.sleep(DICE.uniform(0.2, 0.8))
        await service.kill()


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.nightly)])
async def test_r01_a_service_killed_at_random_loses_and_doubles_nothing(
    house: House, database: Database, ledger: Ledger, kills: int
) -> None:
    service = await house.start("customer", "all", database.app)
    mix = Mix(commands=75 * kills)
    async with background(lambda: keep_up(service, database)):
        await asyncio.gather(under_load(house, ledger, mix, lambda: service.url), kill_now_and_then(service, kills))
        await verdict(house, database, ledger.attempts)
    assert ledger.count(Outcome.UNKNOWN) > 0


async def test_r13_a_rolling_restart_loses_nothing_and_leaves_nothing_unknown(
    house: House, database: Database, ledger: Ledger
) -> None:
    workers = [await house.start("customer", "all", database.app) for _ in range(2)]
    turn = itertools.count()

    def next_up() -> str:
        serving = [worker for worker in workers if worker.taking]
        return serving[next(turn) % len(serving)].url

    async def roll() -> None:
        for worker in workers:
            await asyncio.sleep(0.4)
            worker.taking = False
            assert await worker.terminate() == 0
            await worker.again()
            worker.taking = True

    await asyncio.gather(under_load(house, ledger, Mix(commands=600), next_up), roll())
    await verdict(house, database, ledger.attempts)
    assert ledger.count(Outcome.UNKNOWN) == 0


@pytest.mark.parametrize("place", ["relay.after-acknowledgement", "relay.before-produce"])
async def test_r16_r17_a_relay_that_dies_around_its_acknowledgement_repeats_at_most_one_batch(
    house: House, database: Database, pool: Pool, place: str
) -> None:
    facts = len(await commit(EventStore(pool), 300))
    relay = await house.start("customer", "relay", database.app, crash_at=place)
    await relay.child.wait()
    await expire_lease(database)
    await relay.again()
    await quiet(pool, ALL_PUBLISHED)
    topic = await evidence.published(house.bootstrap, house.topic)
    oracle.hold(oracle.topic_is_complete(await evidence.stored(pool), topic))
    assert oracle.repeats(topic) == (facts if place == "relay.after-acknowledgement" else 0)


async def test_who_dies_between_the_acknowledgement_of_an_answer_and_its_mark_gives_it_again(
    house: House, reporting: Database, read_model: Pool
) -> None:
    """What alerts and reporting answer to erasures (ADR 0022): twice on the topic it has one id, and counts once."""
    sender = await house.start("reporting", "relay", reporting.app, crash_at="erasure-answers.after-acknowledgement")
    await read_model.execute(RECEIVED, erasure_id := uuid4())
    await sender.child.wait()
    assert await read_model.fetchval("SELECT count(*) FROM erasure_received WHERE confirmed_at IS NULL") == 1
    await sender.again()
    await quiet(read_model, "SELECT count(*) = 1 FROM erasure_received WHERE confirmed_at IS NOT NULL")
    async with listening(house.bootstrap, house.own(REPORTING_ERASURE_ANSWERS).name) as listener:
        await eventually(lambda: heard_times(listener, 2))
    assert {event.get_id() for event in listener.events} == {str(uuid5(erasure_id, "reporting"))}


async def heard_times(listener: Heard, times: int) -> bool:
    return len(listener.events) >= times


@pytest.mark.parametrize("kills", [1, pytest.param(20, marks=pytest.mark.nightly)])
async def test_r17_a_relay_killed_while_it_sends_skips_nothing(
    house: House, database: Database, pool: Pool, kills: int
) -> None:
    relay = await house.start("customer", "relay", database.app)
    async with background(lambda: keep_up(relay, database), lambda: commit_for_ever(pool)):
        await kill_now_and_then(relay, kills)
        await eventually(lambda: pool.fetchval("SELECT position > $1 FROM store_head", 100 * kills))
    await relay.kill()
    await expire_lease(database)
    await relay.again()
    await quiet(pool, ALL_PUBLISHED)
    stored = await evidence.stored(pool)
    oracle.hold(oracle.topic_is_complete(stored, await evidence.published(house.bootstrap, house.topic)))
