"""Cases 45 and 47 to 49: what consumers outside the product met on Kafka."""

import asyncio
import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from chassis.http.documents import add_documents
from chassis.kafka.client import ensure_topics, record_counts
from contracts.alerts import AlertCleared, AlertRaised
from contracts.asyncapi import document
from contracts.event import Event
from contracts.examples import EXAMPLES, example, example_envelope
from contracts.topics import ALERT_OPEN, CONFIGURATION, TOPICS, WATERMARKS_COMPACTED_AFTER_MS, watermarks_of
from contracts.watermark import Watermark
from services.alerts.open_topic import open_record
from tests.support.pipeline import Pipeline
from tests.support.records import received, record_of
from tests.support.waiting import background, eventually

PAGE = Path(__file__).parents[2] / "docs/kafka.md"
EVERY_EVENT = [EXAMPLES[event] for topic in TOPICS for event in topic.events]
MESSAGES = document()["components"]["messages"]


@pytest.mark.parametrize(
    "event", [EXAMPLES[event] for topic in TOPICS for event in topic.events], ids=lambda event: event.type
)
async def test_45_the_schema_of_every_record_has_an_absolute_address_and_is_served(event: Event) -> None:
    address = urlsplit(received_dataschema(event))
    assert address.scheme == "https"
    assert address.netloc
    app = FastAPI(title="Customer", openapi_url=None)
    add_documents(app)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://service") as client:
        response = await client.get(address.path)
    assert (response.status_code, response.json()["$id"]) == (200, f"{event.type}.json")


def received_dataschema(event: Event) -> str:
    value = record_of(example_envelope(event))[1]
    found = re.search(rb'"dataschema":"([^"]+)"', value)
    assert found
    return found.group(1).decode()


async def test_47_watermarks_are_compacted_and_a_topic_of_events_has_none(pipeline: Pipeline) -> None:
    topic = watermarks_of(pipeline.topic)
    async with background(pipeline.relay().run):
        await eventually(pipeline.has_watermarks)
        counts = await record_counts(pipeline.bootstrap, pipeline.topic.name, list(range(pipeline.topic.partitions)))
        assert set(counts.values()) == {0}
    admin = AIOKafkaAdminClient(bootstrap_servers=pipeline.bootstrap)
    await admin.start()
    [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name)])
    await admin.close()
    settings = {entry[0]: entry[1] for entry in answer.resources[0][4]}
    assert settings["cleanup.policy"] == "compact"
    assert settings["segment.ms"] == settings["max.compaction.lag.ms"] == str(WATERMARKS_COMPACTED_AFTER_MS)


async def test_48_the_documented_snapshot_of_open_alerts_names_the_customers(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    name = f"test.open.{uuid4().hex}"
    await ensure_topics(pipeline.bootstrap, (replace(ALERT_OPEN, name=name),))
    customers = [UUID(int=number) for number in range(1, 4)]
    async with AIOKafkaProducer(bootstrap_servers=pipeline.bootstrap) as producer:
        for kind, subjects in ((AlertRaised, customers), (AlertCleared, customers[:1])):
            for subject in subjects:
                record = record_of(example_envelope(example(kind), subject=subject), source="/care/alerts")
                key, value, headers = open_record(example(kind).type, str(subject), record)
                await producer.send_and_wait(name, value, key, headers=headers)
    program = tmp_path / "open.py"
    program.write_text(documented_snapshot().replace(ALERT_OPEN.name, name), "utf-8")
    environment = {**os.environ, "CARE_KAFKA_BOOTSTRAP": pipeline.bootstrap}
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(program), env=environment, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    assert sorted(line.split()[0] for line in printed.decode().splitlines()) == sorted(map(str, customers[1:]))


def documented_snapshot() -> str:
    programs = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    [program] = [each for each in programs if "alerts that are open now" in each]
    return str(program)


def test_49_the_subject_is_described_truly_and_watermarks_have_a_schema() -> None:
    described = document()["components"]["schemas"]["CloudEvent"]["properties"]["subject"]["description"]
    assert "of an event of configuration, the id of its stream" in described
    assert CONFIGURATION
    marks = [message for message in MESSAGES.values() if message["name"] == Watermark.TYPE]
    assert marks
    assert all(message["payload"]["properties"]["data"]["$ref"].endswith("/Watermark") for message in marks)
    page = PAGE.read_text("utf-8")
    assert not [topic.name for topic in TOPICS if f"`{topic.name}`" not in page]


async def test_48_the_value_of_an_open_alert_names_its_customer() -> None:
    subject = uuid4()
    record = record_of(example_envelope(example(AlertRaised), subject=subject), source="/care/alerts")
    _, value, _ = open_record(example(AlertRaised).type, "alert", record)
    assert received(value).subject == str(subject)
