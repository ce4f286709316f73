"""What the relay writes to Kafka is what the AsyncAPI document says."""

import json
from uuid import UUID

import pytest
from jsonschema import Draft7Validator

from chassis.kafka.records import RecordWriter
from contracts import asyncapi_watermarks
from contracts.cloudevents import ATTRIBUTES, OPTIONAL_ATTRIBUTES, attribute_schema, header_schema, source_of
from contracts.event import Event, Origin
from contracts.example_records import EXAMPLE_EPOCH, EXAMPLE_URL, example_headers, example_record
from contracts.examples import CAUSE_ID, EXAMPLES, METADATA, example_envelope
from contracts.topics import CUSTOMER_EVENTS, EVENT_TOPICS, TOPICS, Topic
from tests.support.records import record_of, row_of

STATED_TOPICS = [topic for topic in TOPICS if topic.cleanup_policy == "delete"]


def writer_of(topic: Topic) -> RecordWriter:
    return RecordWriter(source_of(topic), EXAMPLE_URL, UUID(EXAMPLE_EPOCH))


@pytest.mark.parametrize(("topic", "event"), [(topic, event) for topic in STATED_TOPICS for event in topic.events])
def test_a_record_is_its_documented_example(topic: Topic, event: type[Event]) -> None:
    envelope = example_envelope(EXAMPLES[event])

    key, value, headers = writer_of(topic).record_of(row_of(envelope), 0)

    assert key.decode() == str(envelope.subject)
    assert json.loads(value) == example_record(topic, EXAMPLES[event])
    assert {name: text.decode() for name, text in headers} == example_headers()


def test_every_optional_attribute_is_documented() -> None:
    metadata = METADATA.model_copy(
        update={
            "causation_id": CAUSE_ID,
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "origin": Origin(batch_id=UUID(int=1), row=7),
        }
    )
    envelope = example_envelope(EXAMPLES[CUSTOMER_EVENTS.events[0]], metadata=metadata)

    _, value, headers = record_of(envelope)

    attributes = json.loads(value)
    Draft7Validator(attribute_schema()).validate(attributes)
    Draft7Validator(header_schema()).validate({name: text.decode() for name, text in headers})
    assert attributes.keys() == ATTRIBUTES.keys() | {"data"}
    assert set(attribute_schema()["required"]) | OPTIONAL_ATTRIBUTES == attributes.keys()


@pytest.mark.parametrize("topic", EVENT_TOPICS, ids=lambda topic: topic.owner)
def test_49_a_watermark_is_its_documented_example(topic: Topic) -> None:
    key, value, _ = writer_of(topic).watermark(asyncapi_watermarks.example(topic))

    assert json.loads(value) == asyncapi_watermarks.example_value(topic)
    assert key == b"3"
