"""The harness can fail: deliberately broken variants run under the same load, and the invariants detect them."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer

from chassis.consume.positions import Positions
from chassis.kafka.sending import Outgoing, send_all
from chassis.publish import relay as relay_module
from chassis.store.append import Append, Appended, Outcome
from chassis.store.event_store import EventStore
from tests.faults.support import evidence, oracle
from tests.faults.support.deployment import ALL_PUBLISHED, Issuer, wait_until_true
from tests.faults.support.facts import commit
from tests.faults.support.in_process import in_process_service
from tests.faults.support.ledger import Ledger
from tests.faults.support.load import Load, Mix
from tests.support.pipeline import Pipeline
from tests.support.servers import Database
from tests.support.waiting import background, eventually

SMALL = Mix(customers=10, commands=60, retried=0.3)
sound_append = EventStore.append
COUNTED: list[Append] = []


async def acknowledge_before_storing(store: EventStore, append: Append) -> Appended:
    """Acknowledge every tenth command without storing it."""
    COUNTED.append(append)
    if len(COUNTED) % 10 == 0:
        return Appended(Outcome.DONE, 0)
    return await sound_append(store, append)


async def forget_keys(store: EventStore, append: Append) -> Appended:
    """Handle every retry as a new command."""
    return await sound_append(store, Append(str(uuid4()), append.answer, append.events, append.vault))


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [(acknowledge_before_storing, "I1: .* was told of"), (forget_keys, "I1: .* was answered in 2 ways")],
)
async def test_a_store_that_loses_acknowledged_commands_is_detected(
    issuer: Issuer, database: Database, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, broken: Any, sentence: str
) -> None:
    async with in_process_service(issuer, database.app) as service:
        load = Load(service.send, ledger, SMALL)
        await load.register()
        monkeypatch.setattr(EventStore, "append", broken)
        await load.run()
        stored = await evidence.stored(service.pool)
    with pytest.raises(AssertionError, match=sentence):
        oracle.hold(oracle.acknowledged_is_stored_once(ledger.attempts, stored))


async def test_a_relay_that_drops_a_record_is_detected(watched: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    async def drop_one(producer: AIOKafkaProducer, outgoing: Outgoing) -> None:
        for records in outgoing.values():
            del records[3:4]
        await send_all(producer, outgoing)

    monkeypatch.setattr(relay_module, "send_all", drop_one)
    await commit(watched.store, 30)
    async with background(watched.relay().run):
        await wait_until_true(watched.pool, ALL_PUBLISHED)
        topic = await evidence.published(watched.bootstrap, watched.topic)
    with pytest.raises(AssertionError, match=r"I4: position .* is not on the topic"):
        oracle.hold(oracle.topic_is_complete(await evidence.stored(watched.pool), topic))


async def test_a_relay_that_reorders_records_is_detected(watched: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    async def swap(producer: AIOKafkaProducer, outgoing: Outgoing) -> None:
        await send_all(producer, {place: records[::-1] for place, records in outgoing.items()})

    monkeypatch.setattr(relay_module, "send_all", swap)
    await commit(watched.store, 5, changes=2)
    async with background(watched.relay().run):
        await wait_until_true(watched.pool, ALL_PUBLISHED)
        topic = await evidence.published(watched.bootstrap, watched.topic)
    with pytest.raises(AssertionError, match=r"I4: .* goes from version"):
        oracle.hold(oracle.topic_is_complete(await evidence.stored(watched.pool), topic))


async def test_a_consumer_that_loses_its_position_is_detected(
    watched: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stay(*_: object) -> set[UUID]:
        return set()

    await commit(watched.store, 10)
    async with background(watched.relay().run):
        with monkeypatch.context() as patched:
            patched.setattr(Positions, "move", stay)
            async with background(watched.consumer().run):
                await eventually(lambda: watched.has_seen(10))
        await evidence.rewind_group(watched.bootstrap, f"care-{watched.name}", watched.topic)
        async with background(watched.consumer().run):
            await eventually(lambda: watched.has_seen(20))
    with pytest.raises(AssertionError, match=r"I3: .* was applied 2 times"):
        oracle.hold(oracle.applied_once(await evidence.stored(watched.pool), await evidence.applied(watched.pool)))
