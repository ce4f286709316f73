"""What the relay writes to Kafka is what the AsyncAPI document says."""

import json
from typing import Any
from uuid import UUID

import pytest
from jsonschema import Draft7Validator

from chassis.kafka import cloudevents as wire
from chassis.kafka.records import encode
from contracts import asyncapi
from contracts.cloudevents import OPTIONAL_HEADERS, example_headers, payload, source_of
from contracts.event import Event, Origin
from contracts.examples import CAUSE_ID, EXAMPLES, METADATA, RECORDED_AT, example_envelope
from contracts.topics import CUSTOMER_EVENTS, TOPICS, Topic

TRAIT = asyncapi.document()["components"]["messageTraits"]["cloudEvent"]["headers"]
EVENT_TOPICS = [topic for topic in TOPICS if topic.cleanup_policy == "delete"]


@pytest.mark.parametrize(("topic", "event"), [(topic, event) for topic in EVENT_TOPICS for event in topic.events])
def test_a_record_is_its_documented_example(topic: Topic, event: type[Event]) -> None:
    envelope = example_envelope(EXAMPLES[event])

    key, value, headers = encode(envelope, source=source_of(topic), previous_position=0)

    assert key.decode() == str(envelope.subject)
    assert json.loads(value) == payload(EXAMPLES[event])
    assert _text(headers) == example_headers(topic, EXAMPLES[event])


def test_every_optional_header_is_documented() -> None:
    metadata = METADATA.model_copy(
        update={
            "causation_id": CAUSE_ID,
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "origin": Origin(batch_id=UUID(int=1), row=7),
        }
    )
    envelope = example_envelope(EXAMPLES[CUSTOMER_EVENTS.events[0]], metadata=metadata)

    _, _, headers = encode(envelope, source=source_of(CUSTOMER_EVENTS), previous_position=0)

    Draft7Validator(TRAIT).validate(_text(headers))
    assert _text(headers).keys() == set(TRAIT["required"]) | OPTIONAL_HEADERS


def test_a_watermark_is_its_documented_example() -> None:
    message = asyncapi.document()["components"]["messages"][wire.WATERMARK_TYPE]
    [example] = message["examples"]

    event_id = str(example_envelope(EXAMPLES[CUSTOMER_EVENTS.events[0]]).id).encode()

    value, headers = wire.encode_watermark(
        RECORDED_AT, source=source_of(CUSTOMER_EVENTS), previous_position=93, previous_id=event_id
    )

    assert json.loads(value) == example["payload"]
    assert _text(headers) == example["headers"]
    assert set(message["headers"]["required"]) == example["headers"].keys() - {"ce_previd"}


def _text(headers: wire.Headers) -> dict[str, Any]:
    return {name: value.decode() for name, value in headers}
