"""R33: foreign or broken records are parked with a reason, and other customers are not affected."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer

from chassis.consume.delivery import UNKNOWN_CUSTOMER
from chassis.consume.local_feed import LocalFeed
from chassis.kafka.client import ensure_topics
from chassis.kafka.cloudevents import STRUCTURED, Headers
from chassis.kafka.records import Row
from chassis.publish.outbox import Outbox
from chassis.runtime.supervisor import Health
from chassis.store.mapper import EventMapper
from contracts.topics import EVENT_TYPES, watermarks_of
from tests.faults.support.deployment import INSERT_EVENT, as_admin
from tests.faults.support.facts import change, commit
from tests.support.pipeline import Pipeline
from tests.support.records import changed
from tests.support.servers import Database
from tests.support.waiting import background, eventually

Sent = tuple[bytes | None, bytes | None, Headers]
REGISTERED = b'"type":"care.customer.registered.v1"'

# Records that any producer with access to the topic could send. None has a readable position.
STRAYS: dict[str, Sent] = {
    "nothing but a key": (b"k", None, []),
    "no headers": (b"k", b"{}", []),
    "a header that is no text": (b"k", b"{}", [("content-type", b"\xff\xfe")]),
    "binary mode": (b"k", b"{}", [("ce_type", b"care.customer.registered.v1"), ("ce_position", b"1")]),
    "not JSON": (b"k", b"{", STRUCTURED),
    "no object": (b"k", b"[]", STRUCTURED),
    "no value": (b"k", None, STRUCTURED),
    "a value with NUL": (b"k", b"a\x00b", STRUCTURED),
    "a text that is not UTF-8": (b"k", b'{"type":"\xff"}', STRUCTURED),
    "a key that is no text": (b"\xff", b"{%b}" % REGISTERED, STRUCTURED),
    "a position that is a word": (b"k", b'{%b,"position":"x"}' % REGISTERED, STRUCTURED),
    "a position that is a number": (b"k", b'{%b,"position":1}' % REGISTERED, STRUCTURED),
    "a position in other digits": (b"k", b'{%b,"position":"%b"}' % (REGISTERED, "²".encode()), STRUCTURED),
    "a position beyond every store": (b"k", b'{%b,"position":"%b"}' % (REGISTERED, b"9" * 30), STRUCTURED),
    "a negative position": (b"k", b'{%b,"position":"-5"}' % REGISTERED, STRUCTURED),
    "no previous position": (b"k", b'{%b,"position":"1"}' % REGISTERED, STRUCTURED),
    "a previous position that is a word": (b"k", b'{%b,"position":"1","prevposition":"x"}' % REGISTERED, STRUCTURED),
    "a deep value": (b"k", b"[" * 100_000, STRUCTURED),
    "a large value": (b"k", b"x" * 900_000, STRUCTURED),
}
MARK = b'{"type":"care.watermark.v1","data":%b}'
BROKEN_WATERMARKS = [
    b"",
    b"{}",
    MARK % b"{}",
    MARK % b'{"partition":0,"position":0,"complete_until":"2099-01-01T00:00:00"}',
    MARK % b'{"partition":0,"position":0,"complete_until":"tomorrow"}',
    MARK % b'{"partition":99,"position":0,"complete_until":"2099-01-01T00:00:00Z"}',
]


async def test_r33_foreign_records_are_parked_and_block_no_customer(watched: Pipeline) -> None:
    watermarks = watermarks_of(watched.topic)
    await ensure_topics(watched.bootstrap, (watched.topic, watermarks))
    producer = AIOKafkaProducer(bootstrap_servers=watched.bootstrap)
    await producer.start()
    # The same on each partition, at the same offsets.
    for partition in range(watched.topic.partitions):
        for key, value, headers in STRAYS.values():
            await producer.send_and_wait(watched.topic.name, value, key, partition=partition, headers=headers)
        for value in BROKEN_WATERMARKS:
            await producer.send_and_wait(watermarks.name, value, b"k", partition=partition, headers=STRUCTURED)
    await producer.stop()
    async with background(watched.relay().run, watched.consumer().run):
        await commit(watched.store, 6)
        await eventually(lambda: watched.has_seen(6))
    (row,) = await watched.applier.parked_events.summary(watched.pool)
    assert (row["subject"], row["events"]) == (UNKNOWN_CUSTOMER, len(STRAYS) * watched.topic.partitions)


def with_attribute(name: str, text: Any) -> Callable[[Sent], Sent]:
    """Return a change of one attribute; None leaves it out."""
    return lambda record: (record[0], changed(record[1] or b"", **{name: text}), record[2])


# Records with valid positions, as a faulty producer of ours would send them.
SPOILED: dict[str, Callable[[Sent], Sent]] = {
    "no data": with_attribute("data", None),
    "another schema": with_attribute("data", {"kind": "galaxy"}),
    "data of NULs": with_attribute("data", "\0\0"),
    "no id": with_attribute("id", None),
    "no actor": with_attribute("actor", None),
    "an actor with NUL": with_attribute("actor", "a\0b"),
    "a version that is no number": with_attribute("sequence", "x"),
    "a time without a zone": with_attribute("recordedtime", "2026-01-05T01:00:00"),
    "an occurrence without a zone": with_attribute("time", "2026-01-05T01:00:00"),
    "a time that is none": with_attribute("time", "yesterday"),
}
PASSED_OVER: dict[str, Callable[[Sent], Sent]] = {
    "a type of tomorrow": with_attribute("type", "care.customer.frozen.v1"),
    "a version of tomorrow": with_attribute("type", "care.customer.registered.v2"),
    "no key": lambda record: (b"", record[1], record[2]),
    "a key of somebody else": lambda record: (str(uuid4()).encode(), record[1], record[2]),
}


async def test_r33_a_broken_record_blocks_only_its_own_customer(
    watched: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = [*SPOILED.values(), *PASSED_OVER.values()]
    ids = await commit(watched.store, len(table) + 4)
    spoil = dict(zip(ids, table, strict=False))

    sound = Outbox._record_of

    def spoiled(outbox: Outbox, row: Row, previous: int) -> Sent:
        record = sound(outbox, row, previous)
        return spoil[row["subject"]](record) if row["version"] == 1 and row["subject"] in spoil else record

    monkeypatch.setattr(Outbox, "_record_of", spoiled)
    held, free = ids[: len(SPOILED)], ids[len(SPOILED) :]
    await change(watched.store, ids, "later")
    async with background(watched.relay().run, watched.consumer().run):
        # The first record of a future event type has no effect, but blocks no customer.
        await eventually(lambda: watched.has_seen(2 * len(free) - 2))
        await eventually(lambda: parked(watched, dict.fromkeys(held, 2)))
    assert {subject for subject, _ in await watched.seen()} == set(free)


async def parked(pipeline: Pipeline, expected: dict[UUID, int]) -> bool:
    rows = await pipeline.applier.parked_events.summary(pipeline.pool)
    return {row["subject"]: row["events"] for row in rows} == expected


def tail_of(pipeline: Pipeline) -> LocalFeed:
    return LocalFeed(pipeline.store, EventMapper(), pipeline.applier, health=Health("tail"))


async def test_r33_events_parked_by_the_own_list_can_be_replayed(watched: Pipeline) -> None:
    poisoned, healthy = await commit(watched.store, 2, changes=1)
    watched.poison.add(poisoned)
    async with background(tail_of(watched).run):
        await eventually(lambda: parked(watched, {poisoned: 2}))
    watched.poison.clear()
    assert await watched.applier.replay(poisoned) == 2
    seen = await watched.seen()
    assert [subject for subject, _ in seen] == [healthy, healthy, poisoned, poisoned]


async def test_r33_events_parked_during_a_replay_are_kept(watched: Pipeline) -> None:
    (customer,) = await commit(watched.store, 1, changes=1)
    watched.poison.add(customer)
    consumer = tail_of(watched)
    async with background(consumer.run):
        await eventually(lambda: parked(watched, {customer: 2}))
        watched.poison.clear()
        replaying, applied = watched.applier, 0

        async def while_others_work(envelopes: Sequence[object], _held: object) -> None:
            nonlocal applied
            if applied == 0:
                await change(watched.store, [customer], "meanwhile")
                await eventually(lambda: parked(watched, {customer: 3}))
            applied += len(envelopes)

        replaying.handler = while_others_work
        assert await replaying.replay(customer) == 3
    assert applied == 3


async def test_r33_a_future_event_type_does_not_block_a_replay(
    watched: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    (customer,) = await commit(watched.store, 1, changes=1)
    watched.poison.add(customer)
    async with background(watched.relay().run, watched.consumer().run):
        await eventually(lambda: parked(watched, {customer: 2}))
    watched.poison.clear()
    monkeypatch.delitem(EVENT_TYPES, "care.customer.profile-changed.v1")
    assert await watched.applier.replay(customer) == 2
    assert len(await watched.seen()) == 1


async def test_r23_an_unreadable_row_does_not_stop_the_own_list(watched: Pipeline, database: Database) -> None:
    victim = uuid4()
    await commit(watched.store, 2)
    await as_admin(database, INSERT_EVENT, victim, "care.customer.registered.v1", b"{broken")
    await commit(watched.store, 2)
    async with background(tail_of(watched).run):
        await eventually(lambda: watched.has_seen(4))
        await eventually(lambda: parked(watched, {victim: 1}))
