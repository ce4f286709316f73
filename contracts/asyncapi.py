"""The AsyncAPI 3.0 document of the topics, generated from the classes that the services use."""

from typing import Any

from pydantic import AwareDatetime, BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from contracts import asyncapi_erasure, asyncapi_inbound
from contracts.asyncapi_channel import KAFKA_BINDING, channel
from contracts.cloudevents import (
    CONTENT_TYPE,
    HEADERS,
    Json,
    example_headers,
    header_schema,
    payload,
    source_of,
    text,
    type_of,
)
from contracts.erasure_answers import ErasureConfirmed
from contracts.event import Event
from contracts.examples import EXAMPLES, RECORDED_AT, example_envelope
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
from contracts.types import utc_text

WATERMARK = "care.watermark.v1"
TOMBSTONE = "tombstone"
ALERT_KEY = "The alert id as text."
SUBJECT_KEY = "The subject as text: the customer id or, if the event concerns no customer, the id of its stream."
CONSUMERS: dict[str, tuple[Topic, ...]] = {
    "followup": (CUSTOMER_EVENTS,),
    "alerts": (CUSTOMER_EVENTS, FOLLOWUP_EVENTS),
    "reporting": (CUSTOMER_EVENTS, FOLLOWUP_EVENTS, ALERT_EVENTS),
}


class PlainSchema(GenerateJsonSchema):
    """JSON Schema without field titles, because they only repeat the field names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        return False


class Watermark(BaseModel):
    """All events recorded before `complete_until` are on this partition. A watermark changes no state."""

    complete_until: AwareDatetime


def document() -> Json:
    """Return the AsyncAPI document of all topics."""
    return {
        "asyncapi": "3.0.0",
        "id": "urn:care:events",
        "info": {
            "title": "Customer lifecycle events",
            "version": "1.0.0",
            "description": "Delivery is at least once, and in order per customer within a topic. Records are "
            "CloudEvents 1.0 in binary mode. Ignore unknown types and fields.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {"kafka": SERVER},
        "channels": {topic.name: _channel(topic) for topic in TOPICS}
        | {CUSTOMER_INBOUND.name: asyncapi_inbound.inbound_channel()}
        | asyncapi_erasure.channels(),
        "operations": _send_operations()
        | _receive_operations()
        | asyncapi_inbound.receive_operations()
        | asyncapi_erasure.operations(),
        "components": {
            "messages": {name: message for topic in TOPICS for name, message in _messages(topic).items()}
            | asyncapi_inbound.messages()
            | asyncapi_erasure.messages(),
            "messageTraits": {"cloudEvent": {"contentType": CONTENT_TYPE, "headers": header_schema()}},
            "schemas": _schemas() | _inbound_schemas(),
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
        # Kafka rejects records without a key on a compacted topic, so it has no watermarks.
        open_alerts = {f"{topic.name}.{event.__name__}": _event_message(topic, event) for event in topic.events}
        return open_alerts | {f"{topic.name}.{TOMBSTONE}": _tombstone(topic)}
    events = {type_of(event): _event_message(topic, event) for event in topic.events}
    return events | {WATERMARK: _watermark()}


def _event_message(topic: Topic, event: type[Event]) -> Json:
    example = EXAMPLES[event]
    return {
        "name": type_of(event),
        "title": event.__name__,
        "headers": {
            "type": "object",
            "properties": {"ce_type": text(const=type_of(event)), "ce_source": text(const=source_of(topic))},
        },
        "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "bindings": {"kafka": {"key": key_of(topic), "bindingVersion": KAFKA_BINDING}},
        "examples": [{"headers": example_headers(topic, example), "payload": payload(example)}],
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


def _watermark() -> Json:
    instant = utc_text(RECORDED_AT)
    headers = {
        "ce_specversion": "1.0",
        "ce_id": f"watermark-{instant}",
        "ce_source": "/care/customer",
        "ce_type": WATERMARK,
        "ce_time": instant,
        "ce_prevposition": "93",
        "ce_previd": str(example_envelope(EXAMPLES[CUSTOMER_EVENTS.events[0]]).id),
        "content-type": CONTENT_TYPE,
    }
    properties = {name: text(**HEADERS.get(name, {})) for name in headers}
    properties |= {
        "ce_id": text(),
        "ce_type": text(const=WATERMARK),
        "ce_previd": text(format="uuid", description="The `ce_id` of the event at `ce_prevposition`, if there is one."),
    }
    return {
        "name": WATERMARK,
        "title": "Watermark",
        "summary": "Written to each partition, without a key. You need it only to prove that nothing happened.",
        "headers": {
            "type": "object",
            "properties": properties,
            "required": [name for name in headers if name != "ce_previd"],
        },
        "payload": {"$ref": "#/components/schemas/Watermark"},
        "examples": [
            {
                "headers": headers,
                "payload": Watermark(complete_until=RECORDED_AT).model_dump(mode="json"),
            }
        ],
        "x-pii": "none",
    }


def _send_operations() -> dict[str, Json]:
    return {
        f"{topic.owner}.send.{topic.name}": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{topic.name}"},
            "x-owner": topic.owner,
        }
        for topic in TOPICS
    }


def _receive_operations() -> dict[str, Json]:
    return {
        f"{service}.receive.{topic.name}": {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{topic.name}"},
            "bindings": {"kafka": {"groupId": text(const=f"care-{service}"), "bindingVersion": KAFKA_BINDING}},
            "x-owner": service,
        }
        for service, topics in CONSUMERS.items()
        for topic in topics
    }


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
