"""Inbound messages from Kafka: each is applied once; failing ones are parked and replayed."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer

from chassis.commands.command import Context
from chassis.consume import inbound
from chassis.consume.delivery import UNKNOWN_CUSTOMER
from chassis.consume.inbound import Handle, InboundConsumer
from chassis.consume.subscription import new_consumer
from chassis.kafka.client import ensure_topics
from chassis.runtime.supervisor import Health
from contracts.inbound import INBOUND, AnyInbound, CompetitorSeen
from contracts.topics import CUSTOMER_INBOUND
from services.customer.inbound.receiver import InboundReceiver
from tests.integration.customer.conftest import Api
from tests.support.servers import Servers
from tests.support.waiting import DEADLINE_SECONDS, background, eventually

AMOUNT = {"amount_minor": 12_800_000, "currency": "CNY"}
TERM = {"starts_on": "2024-01-01", "ends_on": "2024-12-31", **AMOUNT}
ORDER, QUOTE, CONTRACT = ({name: {"system": "erp", "id": "N-1"}} for name in ("order", "quote", "contract"))
LIFE: list[tuple[str, dict[str, Any]]] = [
    ("company-stated", {"name": "上海腾云", "industry": "it"}),
    ("quote-requested", QUOTE | {"category": "servers"}),
    ("quote-issued", QUOTE | AMOUNT),
    ("quote-compared", QUOTE | {"competitor": "other"}),
    ("order-placed", ORDER | AMOUNT),
    ("order-delivered", ORDER),
    ("contract-signed", CONTRACT | TERM),
    ("renewal-intent-stated", CONTRACT | {"intent": "yes"}),
    ("contract-renewed", CONTRACT | TERM | {"starts_on": "2025-01-01", "ends_on": "2025-12-31"}),
    ("contract-ended", CONTRACT | {"reason": "expired"}),
    ("competitor-seen", {"competitor": "other", "is_cheaper": True}),
    ("referral-made", {}),
]
ALL_BUT_CANCELLED = {f"care.inbound.{name}.v1" for name, _ in LIFE} | {"care.inbound.order-cancelled.v1"}
PARK_OLD = """
    INSERT INTO parked_event (consumer, topic, partition, position, subject, headers, reason, parked_at)
    SELECT $1, 'a-topic', 0, n, gen_random_uuid(), '{}', 'a reason', clock_timestamp() - $3::interval
    FROM generate_series(1, $2::integer) AS n
"""
TOLD_AT = "2024-06-01T09:00:00+08:00"


@dataclass
class Erp:
    """A system that writes to the topic, and what takes it in."""

    inbound: InboundConsumer[AnyInbound]
    producer: AIOKafkaProducer
    topic: str
    customer: str = "K-1"

    async def tell(self, name: str, data: dict[str, Any], message_id: str | None = None) -> None:
        whose = {"customer": {"system": "erp", "id": self.customer}}
        headers = {"ce_id": message_id or uuid4().hex, "ce_source": "erp", "ce_time": TOLD_AT}
        headers["ce_type"] = f"care.inbound.{name}.v1"
        await self.producer.send_and_wait(
            self.topic,
            json.dumps(whose | data).encode(),
            self.customer.encode(),
            headers=[(name, text.encode()) for name, text in headers.items()],
        )


@pytest.fixture
async def erp(api: Api, running: Servers) -> AsyncIterator[Erp]:
    name, bootstrap = f"in-{uuid4().hex}", running.infrastructure.kafka_bootstrap
    needs = api.service.app.state.dependencies
    receiver = InboundReceiver(needs.customers, needs.registration, needs.commerce, needs.pseudonyms)
    topic = replace(CUSTOMER_INBOUND, name=name, partitions=2)
    await ensure_topics(bootstrap, (topic,))
    made = InboundConsumer[AnyInbound](
        name,
        [topic],
        api.pool,
        INBOUND,
        receiver.receive,
        receiver.customer_of,
        named_in=receiver.named_in,
        bootstrap=bootstrap,
        health=Health(name),
    )
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        yield Erp(made, producer, name)


async def types(api: Api, count: int) -> list[str]:
    """Return the types of all facts, in their order, once there are `count`."""

    async def there() -> bool:
        return bool(await api.pool.fetchval("SELECT count(*) FROM event") >= count)

    await eventually(there)
    rows = await api.pool.fetch("SELECT type FROM event ORDER BY position")
    return [row["type"].removeprefix("care.customer.").removesuffix(".v1") for row in rows]


async def items(api: Api, path: str, like: Mapping[str, Any] = MappingProxyType({})) -> list[dict[str, Any]]:
    """Return what a list shows once it shows something `like` that: it comes a moment after the facts."""
    found: list[dict[str, Any]] = []

    async def there() -> bool:
        found[:] = (await api.get(path)).json()["items"]
        return any(like.items() <= item.items() for item in found)

    await eventually(there)
    return found


async def parked(api: Api, erp: Erp, count: int) -> list[str]:
    """Return why messages are parked, once `count` of them are."""

    async def there() -> bool:
        return len(await reasons()) == count

    async def reasons() -> list[str]:
        rows = await api.pool.fetch(
            "SELECT reason FROM parked_event WHERE consumer = $1 ORDER BY position", erp.inbound.name
        )
        return [row["reason"] for row in rows]

    await eventually(there)
    return await reasons()


async def test_messages_of_another_system_are_recorded(api: Api, erp: Erp) -> None:
    async with background(erp.inbound.run):
        for name, data in LIFE:
            await erp.tell(name, data)
        found = await types(api, 13)
    assert set(found) == {"profile-changed", "registered"} | {name for name, _ in LIFE[1:]}
    assert await parked(api, erp, 0) == []
    (listed,) = await items(api, "/v1/customers?external_system=erp&external_id=K-1")
    (order,) = await items(api, f"/v1/customers/{listed['id']}/orders", {"state": "delivered"})
    assert (order["state"], order["external_id"], order["delivered_at"]) == (
        "delivered",
        "N-1",
        "2024-06-01T01:00:00Z",
    )


def test_each_inbound_type_is_tested_here() -> None:
    assert INBOUND.keys() == ALL_BUT_CANCELLED


async def test_a_redelivered_message_adds_no_event(api: Api, erp: Erp) -> None:
    async with background(erp.inbound.run):
        await erp.tell("company-stated", {"name": "上海腾云"})
        for _ in range(2):
            await erp.tell("competitor-seen", {"competitor": "other"}, "m-1")
        await erp.tell("competitor-seen", {"competitor": "another"}, "m-2")
        assert await types(api, 3) == ["registered", "competitor-seen", "competitor-seen"]


async def test_what_is_read_again_from_the_start_changes_nothing(api: Api, erp: Erp, running: Servers) -> None:
    async with background(erp.inbound.run):
        for name, data in LIFE:
            await erp.tell(name, data)
        once = await types(api, 13)
    # As after Kafka has lost the group's offsets: the key of the command is what counts.
    reader = new_consumer(running.infrastructure.kafka_bootstrap, f"again-{erp.topic}", shared=True)
    await reader.start()
    reader.subscribe([erp.topic])
    taken = 0
    async with asyncio.timeout(DEADLINE_SECONDS):
        while taken < len(LIFE):
            records = [each for own in (await reader.getmany(timeout_ms=500)).values() for each in own]
            await erp.inbound.handle_all(records)
            taken += len(records)
    await reader.stop()
    assert await types(api, 13) == once


async def test_a_message_with_a_known_id_and_other_content_is_parked(api: Api, erp: Erp) -> None:
    async with background(erp.inbound.run):
        await erp.tell("company-stated", {"name": "上海腾云"})
        await erp.tell("competitor-seen", {"competitor": "other"}, "m-1")
        await erp.tell("competitor-seen", {"competitor": "another"}, "m-1")
        assert await parked(api, erp, 1) == ["key-reused: this id was used before with different content"]


async def test_an_unreadable_message_is_parked_and_blocks_no_other(api: Api, erp: Erp) -> None:
    async with background(erp.inbound.run):
        await erp.producer.send_and_wait(erp.topic, b"no json", b"K-1")
        await erp.tell("order-placed", ORDER | AMOUNT | {"currency": "RMB"})
        await erp.tell("company-stated", {"name": "上海腾云"})
        assert await types(api, 1) == ["registered"]
        first, second = await parked(api, erp, 2)
    assert "Not JSON" in first
    assert "currency (value_error)" in second
    needs = api.service.app.state.dependencies
    subjects = {row["subject"] for row in await erp.inbound.parked_events.summary(api.pool)}
    assert subjects == {UNKNOWN_CUSTOMER, needs.pseudonyms.customer("erp", "K-1")}


@pytest.mark.parametrize(
    "data",
    [
        {"customer": {"system": "erp", "id": "\ud800"}},
        {"customer": {"system": "\0", "id": "K-1"}},
        {"customer": {"system": "erp", "id": None}, "customer_id": []},
        {"a\0b": 1},
        {"\udfff": 1},
        {"x" * 1_000: 1},
    ],
)
async def test_an_odd_name_or_number_parks_its_message_and_blocks_no_other(
    api: Api, erp: Erp, data: dict[str, Any]
) -> None:
    async with background(erp.inbound.run):
        await erp.tell("order-placed", ORDER | AMOUNT | data)
        await erp.tell("company-stated", {"name": "上海腾云"})
        assert await types(api, 1) == ["registered"]
        [reason] = await parked(api, erp, 1)
    assert "invalid: " in reason


async def test_an_invalid_message_about_an_erased_customer_is_parked_without_content(api: Api, erp: Erp) -> None:
    address = await api.registered(external={"system": "erp", "id": "K-1"})
    await api.post(f"{address}/erasure", {"reason": "asked-by-person"})
    async with background(erp.inbound.run):
        await erp.tell("company-stated", {"name": "上海腾云", "note": "钱进"})
        await parked(api, erp, 1)
    [row] = await api.pool.fetch("SELECT subject, headers, value FROM parked_event")
    assert (str(row["subject"]), row["headers"], row["value"]) == (address.rpartition("/")[2], {}, None)


async def test_content_of_messages_that_name_no_customer_is_removed_after_its_retention(api: Api, erp: Erp) -> None:
    async with background(erp.inbound.run):
        await erp.producer.send_and_wait(erp.topic, b"no json", b"K-1")
        await parked(api, erp, 1)
    await erp.inbound.retry()
    assert await api.pool.fetchval("SELECT value FROM parked_event") == b"no json"
    await api.pool.execute("UPDATE parked_event SET parked_at = parked_at - $1::interval", inbound.UNKNOWN_RETENTION)
    await erp.inbound.retry()
    assert await api.pool.fetchval("SELECT value FROM parked_event") is None


async def test_a_parked_message_is_deleted_after_its_retention(api: Api, erp: Erp) -> None:
    async with background(erp.inbound.run):
        await erp.tell("competitor-seen", {"competitor": "other"})
        await parked(api, erp, 1)
    almost = inbound.PARKED_RETENTION - timedelta(minutes=1)
    await api.pool.execute("UPDATE parked_event SET parked_at = parked_at - $1::interval", almost)
    await erp.inbound.retry()
    assert len(await parked(api, erp, 1)) == 1
    await api.pool.execute("UPDATE parked_event SET parked_at = parked_at - $1::interval", timedelta(minutes=2))
    await erp.inbound.retry()
    assert await parked(api, erp, 0) == []


async def test_parked_messages_are_deleted_in_short_statements(
    api: Api, erp: Erp, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.pool.execute(PARK_OLD, erp.inbound.name, 7, inbound.PARKED_RETENTION + timedelta(days=1))
    await api.pool.execute(PARK_OLD, "another-consumer", 1, inbound.PARKED_RETENTION + timedelta(days=1))
    monkeypatch.setattr(inbound, "MAX_DELETED", 5)
    left = []
    for _ in range(2):
        await erp.inbound.retry()
        left.append(await api.pool.fetchval("SELECT count(*) FROM parked_event"))
    assert left == [3, 1]


async def test_a_message_that_came_too_early_is_replayed_once_the_customer_is_registered(
    api: Api, erp: Erp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound, "RETRY_SECONDS", 0.2)
    async with background(erp.inbound.run):
        await erp.tell("order-placed", ORDER | AMOUNT)
        await erp.tell("order-delivered", ORDER)
        early = await parked(api, erp, 2)
        assert {reason.partition(":")[0] for reason in early} == {"customer-unknown"}
        await api.registered(external={"system": "erp", "id": "K-1"})
        assert await types(api, 3) == ["registered", "order-placed", "order-delivered"]
        assert await parked(api, erp, 0) == []


async def test_what_is_too_old_to_be_tried_again_waits_for_somebody(api: Api, erp: Erp) -> None:
    async with background(erp.inbound.run):
        await erp.tell("competitor-seen", {"competitor": "other"})
        await parked(api, erp, 1)
    customer_id = UUID((await api.registered(external={"system": "erp", "id": "K-1"})).rpartition("/")[2])
    await api.pool.execute("UPDATE parked_event SET parked_at = parked_at - $1::interval", inbound.RETRY_PERIOD)
    assert await erp.inbound.retry() == 0
    assert await erp.inbound.replay(customer_id) == 1
    assert await types(api, 2) == ["registered", "competitor-seen"]


async def test_a_message_that_raises_an_error_is_parked_and_blocks_no_other(
    api: Api, erp: Erp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erp.inbound, "_handle", broken(erp.inbound._handle))
    async with background(erp.inbound.run):
        await erp.tell("company-stated", {"name": "上海腾云"})
        await erp.tell("competitor-seen", {"competitor": "other"})
        await erp.tell("referral-made", {})
        assert await parked(api, erp, 1) == ["ZeroDivisionError while it was handled"]
        assert await types(api, 2) == ["registered", "referral-made"]


async def test_while_the_database_is_away_nothing_is_parked_and_nothing_lost(api: Api, erp: Erp) -> None:
    async def away(_message: AnyInbound, _context: Context) -> None:
        raise ConnectionRefusedError

    handle, erp.inbound._handle = erp.inbound._handle, away
    await erp.tell("company-stated", {"name": "上海腾云"})
    with pytest.raises(BaseExceptionGroup):
        async with background(erp.inbound.run):
            await asyncio.sleep(DEADLINE_SECONDS)
    erp.inbound._handle = handle
    async with background(erp.inbound.run):
        assert await types(api, 1) == ["registered"]
    assert await parked(api, erp, 0) == []


def broken(take: Handle[AnyInbound]) -> Handle[AnyInbound]:
    async def breaking(message: AnyInbound, context: Context) -> None:
        if isinstance(message, CompetitorSeen):
            raise ZeroDivisionError
        await take(message, context)

    return breaking


async def test_a_message_cannot_change_records_of_another_customer(api: Api, erp: Erp) -> None:
    async with background(erp.inbound.run):
        for number in ("K-1", "K-2"):
            erp.customer = number
            await erp.tell("company-stated", {"name": number})
        erp.customer = "K-1"
        await erp.tell("order-placed", ORDER | AMOUNT)
        await types(api, 3)
        erp.customer = "K-2"
        await erp.tell("order-cancelled", ORDER | {"reason": "changed-mind"})
        (reason,) = await parked(api, erp, 1)
    assert reason.startswith("order-of-another-customer")
