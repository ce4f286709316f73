"""The AsyncAPI 3.0 document of the topics, generated from the classes that the services use."""

from functools import reduce
from operator import or_
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from contracts import asyncapi_erasure, asyncapi_inbound, asyncapi_watermarks
from contracts.asyncapi_channel import KAFKA_BINDING, channel, receive_operations, send_operations
from contracts.cloudevents import CONTENT_TYPE, Json, attribute_schema, header_schema, source_of, text, type_of
from contracts.erasure_answers import ErasureConfirmed
from contracts.event import Event
from contracts.example_records import example_headers, example_record
from contracts.examples import EXAMPLES
from contracts.inbound import INBOUND
from contracts.topics import (
    ALERT_EVENTS,
    CUSTOMER_EVENTS,
    CUSTOMER_INBOUND,
    EVENT_TYPES,
    FOLLOWUP_EVENTS,
    TOPICS,
    Topic,
)
from contracts.watermark import Watermark

TOMBSTONE = "tombstone"
ALERT_KEY = "The alert id as text."
SUBJECT_KEY = "The subject as text: the customer id or, if the event concerns no customer, the id of its stream."
CONSUMERS: dict[str, tuple[Topic, ...]] = {
    "followup": (CUSTOMER_EVENTS, ALERT_EVENTS),
    "alerts": (CUSTOMER_EVENTS, FOLLOWUP_EVENTS),
    "reporting": (CUSTOMER_EVENTS, FOLLOWUP_EVENTS, ALERT_EVENTS),
}


class PlainSchema(GenerateJsonSchema):
    """JSON Schema without field titles, because they only repeat the field names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        return False


def document() -> Json:
    """Return the AsyncAPI document of all topics."""
    return {
        "asyncapi": "3.0.0",
        "id": "urn:care:events",
        "info": {
            "title": "Customer lifecycle events",
            "version": "1.0.0",
            "description": "Delivery is at least once, and in order per customer within a topic. Records are "
            "CloudEvents 1.0 in structured mode. Ignore unknown types and fields.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {"kafka": SERVER},
        "channels": {topic.name: _channel(topic) for topic in TOPICS}
        | asyncapi_watermarks.channels()
        | {CUSTOMER_INBOUND.name: asyncapi_inbound.inbound_channel()}
        | asyncapi_erasure.channels(),
        "operations": send_operations(TOPICS)
        | asyncapi_watermarks.operations(CONSUMERS)
        | _receive_operations()
        | asyncapi_inbound.operations()
        | asyncapi_erasure.operations(),
        "components": {
            "messages": {name: message for topic in TOPICS for name, message in _messages(topic).items()}
            | asyncapi_inbound.messages()
            | asyncapi_watermarks.messages()
            | asyncapi_erasure.messages(),
            "messageTraits": {"cloudEvent": {"contentType": CONTENT_TYPE, "headers": header_schema()}},
            "schemas": {"CloudEvent": attribute_schema()} | _schemas() | _inbound_schemas(),
        },
    }


SERVER: Json = {
    "host": "{bootstrap}",
    "protocol": "kafka",
    "description": "Apache Kafka; one cluster per environment.",
    "variables": {"bootstrap": {"default": "localhost:9092", "description": "A bootstrap server."}},
}


def key_of(topic: Topic) -> Json:
    """Return the schema of the record key: the alert id on a compacted topic, otherwise the subject of the event."""
    meaning = ALERT_KEY if topic.cleanup_policy == "compact" else SUBJECT_KEY
    return {"type": "string", "format": "uuid", "description": meaning}


def _channel(topic: Topic) -> Json:
    description = f"{topic.meaning} Partitioned by murmur2 of the key, like Kafka's own producers."
    return channel(topic, description, {name: name for name in _messages(topic)})


def _messages(topic: Topic) -> dict[str, Json]:
    if topic.cleanup_policy == "compact":
        open_alerts = {f"{topic.name}.{event.__name__}": _event_message(topic, event) for event in topic.events}
        return open_alerts | {f"{topic.name}.{TOMBSTONE}": _tombstone(topic)}
    return {type_of(event): _event_message(topic, event) for event in topic.events}


def _event_message(topic: Topic, event: type[Event]) -> Json:
    example = EXAMPLES[event]
    return {
        "name": type_of(event),
        "title": event.__name__,
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/CloudEvent"},
                {
                    "type": "object",
                    "properties": {
                        "type": text(const=type_of(event)),
                        "source": text(const=source_of(topic)),
                        "data": {"$ref": f"#/components/schemas/{event.__name__}"},
                    },
                },
            ]
        },
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "bindings": {"kafka": {"key": key_of(topic), "bindingVersion": KAFKA_BINDING}},
        "examples": [{"headers": example_headers(), "payload": example_record(topic, example)}],
        "x-owner": topic.owner,
        "x-pii": "none",
    }


def _tombstone(topic: Topic) -> Json:
    return {
        "name": TOMBSTONE,
        "title": "Tombstone",
        "summary": "The alert with this key is no longer open.",
        "payload": {"type": "null"},
        "bindings": {"kafka": {"key": key_of(topic), "bindingVersion": KAFKA_BINDING}},
        "x-owner": topic.owner,
        "x-pii": "none",
    }


def _receive_operations() -> dict[str, Json]:
    received = [receive_operations(service, topics, f"care-{service}") for service, topics in CONSUMERS.items()]
    return reduce(or_, received, {})


def _inbound_schemas() -> Json:
    """Return the schemas of inbound messages. A prefix separates them from events of the same name."""
    _, schemas = models_json_schema(
        [(message, "validation") for message in INBOUND.values()],
        ref_template="#/components/schemas/InboundMessage.{model}",
        schema_generator=PlainSchema,
    )
    return {f"InboundMessage.{name}": schema for name, schema in schemas["$defs"].items()}


def _schemas() -> Json:
    models: list[type[BaseModel]] = [*EVENT_TYPES.values(), ErasureConfirmed, Watermark]
    _, schemas = models_json_schema(
        [(model, "validation") for model in models],
        ref_template="#/components/schemas/{model}",
        schema_generator=PlainSchema,
    )
    definitions: Json = schemas["$defs"]
    return definitions
