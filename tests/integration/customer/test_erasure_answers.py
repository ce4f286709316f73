"""The answers of all four services to an erasure, through their databases and Kafka."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from chassis.consume import erasure_answers
from chassis.consume.delivery import UNKNOWN_CUSTOMER
from chassis.consume.erasure_answers import ErasureAnswers
from chassis.consume.inbound import InboundConsumer
from chassis.kafka.client import UNREACHABLE, ensure_topics
from chassis.postgres.database import Pool, open_pool, transaction
from chassis.runtime.supervisor import Health
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.store.pseudonym import Pseudonyms
from contracts.erasure_answers import ANSWER_TOPICS, CONFIRMATIONS, ConfirmingService, ErasureConfirmed, record_of
from contracts.event import Envelope
from contracts.example_records import EXAMPLE_URL
from services.alerts.detection.detector import Detector
from services.customer.projection import followup as of_followup
from services.followup.erasure.execution import ErasureHandler
from services.reporting import projection
from tests.faults.support.relay_process import delete_topic
from tests.integration.customer.conftest import Api
from tests.integration.customer.test_erasure import PERSON, REASON, certificate, id_of
from tests.integration.customer.test_people import added
from tests.support.facts import facts_of
from tests.support.records import changed
from tests.support.rule_books import THREE_RULES
from tests.support.servers import Servers
from tests.support.waiting import DEADLINE_SECONDS, STEP_SECONDS, background, eventually, lasting
from tests.unit.chassis.issuer import SETTINGS

STANDING = "SELECT erasure_id, subject, entries, received_at, confirmed_at FROM erasure_received ORDER BY received_at"
UNKNOWN = "SELECT reason FROM parked_event WHERE consumer = $1"


@dataclass
class Others:
    """The other services' databases and handlers, what sends their answers, and what takes these in."""

    api: Api
    pools: dict[str, Pool]
    bootstrap: str
    inbound: InboundConsumer[ErasureConfirmed]

    async def facts(self, address: str) -> list[Envelope[Any]]:
        store, mapper = EventStore(self.api.pool), EventMapper()
        return [mapper.to_envelope(row) async for row in store.read_stream(id_of(address))]

    async def followup_hears(self, address: str) -> None:
        store, mapper = EventStore(self.pools["followup"]), EventMapper()
        async with transaction(self.pools["followup"]) as held:
            await ErasureHandler(store, mapper, Pseudonyms(SETTINGS.pseudonym_key)).receive(
                await self.facts(address), held
            )
        answers = [mapper.to_envelope(row) for row in await store.read_all(after=0, limit=10)]
        async with transaction(self.api.pool) as held:
            await of_followup.apply(answers, held)

    async def hear(self, service: ConfirmingService, address: str) -> None:
        pool, facts = self.pools[service], await self.facts(address)
        detector = Detector(EventStore(pool), pool, EventMapper(), THREE_RULES)
        async with transaction(pool) as held:
            if service == "alerts":
                await detector.evaluate(facts, held)
            else:
                await projection.apply(facts_of(facts), held)

    def sender(self, service: ConfirmingService) -> "Sender":
        """Return what sends, as a process that has just begun makes it."""
        return Sender(
            ErasureAnswers(
                ANSWER_TOPICS[service],
                partial(record_of, service, EXAMPLE_URL),
                self.pools[service],
                bootstrap=self.bootstrap,
            )
        )

    async def records(self, service: ConfirmingService) -> list[ConsumerRecord[Any, Any]]:
        """Return all that the service's topic holds."""
        place = TopicPartition(ANSWER_TOPICS[service].name, 0)
        reader = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, auto_offset_reset="earliest")
        await reader.start()
        try:
            reader.assign([place])
            await reader.seek_to_beginning(place)
            end = (await reader.end_offsets([place]))[place]
            found: list[ConsumerRecord[Any, Any]] = []
            async with asyncio.timeout(DEADLINE_SECONDS):
                while len(found) < end:
                    found += (await reader.getmany(place, timeout_ms=200)).get(place, [])
            return found
        finally:
            await reader.stop()

    async def ids(self, service: ConfirmingService) -> set[str]:
        return {json.loads(record.value)["id"] for record in await self.records(service)}

    async def taken_in(self, service: ConfirmingService) -> None:
        await self.inbound.handle_all(await self.records(service))

    async def confirmations(self) -> list[tuple[str, int]]:
        rows = await self.api.pool.fetch("SELECT service, entries FROM erasure_confirmation ORDER BY service")
        return [(row["service"], row["entries"]) for row in rows]


@dataclass
class Sender:
    """Sends as a supervised task does: on a busy machine Kafka may let it wait too long, and it tries again."""

    answers: ErasureAnswers

    async def run_due(self) -> int:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                try:
                    return await self.answers.run_due()
                except UNREACHABLE:
                    await asyncio.sleep(STEP_SECONDS)


@pytest.fixture
async def others(api: Api, running: Servers, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Others]:
    bootstrap, name = running.infrastructure.kafka_bootstrap, f"answers-{uuid4().hex}"
    for service, topic in list(ANSWER_TOPICS.items()):
        monkeypatch.setitem(ANSWER_TOPICS, service, replace(topic, name=f"{topic.name}.{name}"))
    await ensure_topics(bootstrap, tuple(ANSWER_TOPICS.values()))
    inbound = InboundConsumer[ErasureConfirmed](
        name,
        list(ANSWER_TOPICS.values()),
        api.pool,
        CONFIRMATIONS,
        api.service.app.state.dependencies.erasure.receive,
        lambda answer: answer.customer_id,
        bootstrap=bootstrap,
        health=Health(name),
    )
    services = ("followup", "alerts", "reporting")
    databases = {service: await running.database(service) for service in services}
    pools = {service: await open_pool(databases[service].app, size=4, application_name="tests") for service in services}
    yield Others(api, pools, bootstrap, inbound)
    for pool in pools.values():
        await pool.close()


async def erased(api: Api) -> str:
    address = await api.registered(**PERSON)
    assert (await api.post(f"{address}/erasure", REASON)).status_code == 200
    return address


async def answered(api: Api, address: str) -> dict[str, int | None]:
    """Return what the certificate says of each service."""
    [erasure] = (await certificate(api, address))["erasures"]
    assert [each["erased_at"] is None for each in erasure["answers"]] == [
        each["entries"] is None for each in erasure["answers"]
    ]
    return {each["service"]: each["entries"] for each in erasure["answers"]}


async def complete(api: Api, address: str) -> bool:
    [erasure] = (await certificate(api, address))["erasures"]
    return bool(erasure["is_complete"])


async def test_the_certificate_is_complete_once_all_four_services_have_answered(api: Api, others: Others) -> None:
    address = await erased(api)
    assert await answered(api, address) == {"customer": 1, "followup": None, "alerts": None, "reporting": None}
    await others.followup_hears(address)
    async with background(lasting(others.inbound.run)):
        await others.hear("reporting", address)
        assert await others.sender("reporting").run_due() == 1

        async def reporting_stands_in_it() -> bool:
            return (await answered(api, address))["reporting"] == 0

        await eventually(reporting_stands_in_it)
        assert not await complete(api, address), "alerts has not heard of it"
        await others.hear("alerts", address)
        assert await others.sender("alerts").run_due() == 1
        await eventually(lambda: complete(api, address))
    assert await answered(api, address) == {"customer": 1, "followup": 0, "alerts": 0, "reporting": 0}


async def test_of_a_key_contact_the_certificate_names_all_four_too(api: Api, others: Others) -> None:
    address = await api.registered()
    person = await added(api, address)
    assert (await api.post(f"{person}/erasure", REASON)).status_code == 200
    await others.followup_hears(address)
    for service in ANSWER_TOPICS:
        await others.hear(service, address)
        await others.sender(service).run_due()
        await others.taken_in(service)
    assert await complete(api, address)


async def test_what_is_sent_twice_is_one_answer(api: Api, others: Others) -> None:
    address = await erased(api)
    await others.hear("alerts", address)
    sender = others.sender("alerts")
    assert [await sender.run_due(), await sender.run_due()] == [1, 0]
    # As after a process that ended between the acknowledgement and the mark.
    await others.pools["alerts"].execute("UPDATE erasure_received SET confirmed_at = NULL")
    assert await sender.run_due() == 1
    first, second, *more = await others.records("alerts")
    for each in (second, *more):
        assert (each.key, each.value, each.headers) == (first.key, first.value, first.headers)
    await others.taken_in("alerts")
    assert await others.confirmations() == [("alerts", 0)]
    assert await others.inbound.parked_events.summary(api.pool) == []


async def test_an_erasure_received_twice_is_answered_once(api: Api, others: Others) -> None:
    address = await erased(api)
    await others.hear("reporting", address)
    assert await others.sender("reporting").run_due() == 1
    before = await others.pools["reporting"].fetch(STANDING)
    facts = [fact for fact in await others.facts(address) if fact.event.type.endswith("erased.v1")]
    async with transaction(others.pools["reporting"]) as held:
        await erasure_answers.receive([(fact.id, fact.subject) for fact in facts], held, projection.erasures.names)
    assert await others.pools["reporting"].fetch(STANDING) == before
    assert await others.sender("reporting").run_due() == 0


async def test_a_topic_that_was_lost_gets_every_answer_again_and_the_other_topic_none(api: Api, others: Others) -> None:
    addresses = [await erased(api) for _ in range(3)]
    for service in ANSWER_TOPICS:
        for address in addresses:
            await others.hear(service, address)
        assert await others.sender(service).run_due() == 3
    once = await others.ids("alerts")
    await delete_topic(others.bootstrap, ANSWER_TOPICS["alerts"])
    assert await others.sender("alerts").run_due() == 3
    assert await others.sender("reporting").run_due() == 0
    assert await others.ids("alerts") == once
    assert len(await others.ids("reporting")) == 3


async def test_a_sender_detects_that_the_topic_was_lost_meanwhile(api: Api, others: Others) -> None:
    sender = others.sender("alerts")
    await others.hear("alerts", await erased(api))
    assert await sender.run_due() == 1
    await delete_topic(others.bootstrap, ANSWER_TOPICS["alerts"])
    assert await sender.run_due() == 0, "it asks once in a while only"
    await others.hear("alerts", await erased(api))
    assert await sender.run_due() == 2
    assert len(await others.ids("alerts")) == 2


async def test_an_idle_sender_checks_again_after_a_while(
    api: Api, others: Others, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = others.sender("alerts")
    await others.hear("alerts", await erased(api))
    assert await sender.run_due() == 1
    await delete_topic(others.bootstrap, ANSWER_TOPICS["alerts"])
    monkeypatch.setattr(erasure_answers, "TOPIC_CHECK_SECONDS", 0.0)
    assert await sender.run_due() == 1
    assert len(await others.ids("alerts")) == 1


async def test_more_answers_than_a_batch_holds_go_out_in_several(
    api: Api, others: Others, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure_answers, "BATCH", 2)
    for _ in range(3):
        await others.hear("reporting", await erased(api))
    sender = others.sender("reporting")
    assert [await sender.run_due() for _ in range(3)] == [2, 1, 0]
    assert len(await others.ids("reporting")) == 3


def answer(service: str, *, source: str, erasure_id: UUID | None = None) -> tuple[bytes, list[tuple[str, bytes]]]:
    """Return value and headers of an answer that some service might give."""
    row = {"erasure_id": erasure_id or uuid4(), "customer_id": uuid4(), "entries": 0}
    _, value, headers = record_of("alerts", EXAMPLE_URL, {**row, "received_at": datetime(2024, 6, 1, 1, tzinfo=UTC)})
    return changed(value.replace(b'"alerts"', f'"{service}"'.encode()), source=source), headers


@pytest.mark.parametrize(
    ("service", "source", "reason"),
    [
        ("bookkeeping", "/care/bookkeeping", "invalid: service (literal_error)"),
        ("reporting", "/care/alerts", "answer-of-another: A service can answer only for itself."),
    ],
)
async def test_an_answer_of_an_unknown_service_or_for_another_is_parked_and_blocks_no_other(
    api: Api, others: Others, service: str, source: str, reason: str
) -> None:
    address = await erased(api)
    value, headers = answer(service, source=source)
    async with AIOKafkaProducer(bootstrap_servers=others.bootstrap) as producer:
        await producer.send_and_wait(ANSWER_TOPICS["alerts"].name, value, headers=headers)
    await others.hear("alerts", address)
    await others.sender("alerts").run_due()
    await others.taken_in("alerts")
    assert [row["reason"] for row in await api.pool.fetch(UNKNOWN, others.inbound.name)] == [reason]
    assert await others.confirmations() == [("alerts", 0)]
    if service == "bookkeeping":
        assert [row["subject"] for row in await others.inbound.parked_events.summary(api.pool)] == [UNKNOWN_CUSTOMER]


async def test_a_service_that_found_a_word_leaves_the_certificate_open(api: Api, others: Others) -> None:
    """Nothing ever writes one there. Were one found, nobody should be told that all is gone."""
    address = await erased(api)
    await others.followup_hears(address)
    for service in ANSWER_TOPICS:
        await others.hear(service, address)
    await others.pools["reporting"].execute("UPDATE erasure_received SET entries = 1")
    for service in ANSWER_TOPICS:
        await others.sender(service).run_due()
        await others.taken_in(service)
    assert await answered(api, address) == {"customer": 1, "followup": 0, "alerts": 0, "reporting": 1}
    assert not await complete(api, address)


async def test_what_alerts_deleted_leaves_nothing_open(api: Api, others: Others) -> None:
    address = await erased(api)
    await others.followup_hears(address)
    for service in ANSWER_TOPICS:
        await others.hear(service, address)
    await others.pools["alerts"].execute("UPDATE erasure_received SET entries = 2")
    for service in ANSWER_TOPICS:
        await others.sender(service).run_due()
        await others.taken_in(service)
    assert await answered(api, address) == {"customer": 1, "followup": 0, "alerts": 2, "reporting": 0}
    assert await complete(api, address)


async def test_reporting_counts_a_persons_name_that_should_not_be_there(api: Api, others: Others) -> None:
    address = await api.registered(**PERSON)
    await others.hear("reporting", address)
    await others.pools["reporting"].execute("UPDATE customer SET company_name = '钱进'")
    await api.post(f"{address}/erasure", REASON)
    facts = (await others.facts(address))[-1:]
    async with transaction(others.pools["reporting"]) as held:
        await projection.apply(facts_of(facts), held)
    [row] = await others.pools["reporting"].fetch(STANDING)
    assert (row["erasure_id"], row["entries"]) == (facts[0].id, 1)


async def test_answers_stay_where_followups_are_made_again(api: Api) -> None:
    """They come from other topics than followup's, from which alone that read model is made."""
    assert "erasure_confirmation" not in {table for model in api.service.models for table in model.tables}
