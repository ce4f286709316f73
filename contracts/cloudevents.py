"""The headers of a Kafka record: CloudEvents 1.0 in binary mode, with the description of each header."""

from typing import Any

from contracts.event import Event
from contracts.examples import example_envelope
from contracts.topics import Topic
from contracts.types import utc_text

Json = dict[str, Any]

CONTENT_TYPE = "application/json"
HEADERS: dict[str, Json] = {
    "ce_specversion": {"const": "1.0"},
    "ce_id": {"format": "uuid", "description": "The id of the event. It is the same in every delivery."},
    "ce_source": {"description": "The service that published the event."},
    "ce_type": {"description": "The event type. Ignore unknown types."},
    "ce_subject": {"format": "uuid", "description": "The id of the customer."},
    "ce_time": {"format": "date-time", "description": "When it happened."},
    "ce_dataschema": {"format": "uri-reference", "description": "The JSON Schema of the value."},
    "ce_recordedtime": {"format": "date-time", "description": "When it was stored."},
    "ce_streamid": {
        "format": "uuid",
        "description": "The id of the stream, for example of the customer, order, contact, task, complaint or alert.",
    },
    "ce_sequence": {"pattern": "^[0-9]+$", "description": "The version in the stream, starting at 1."},
    "ce_position": {
        "pattern": "^[0-9]+$",
        "description": "The position in the store, in commit order. Ignore records up to the last applied position.",
    },
    "ce_prevposition": {
        "pattern": "^[0-9]+$",
        "description": "The position of the previous record on this partition, 0 for the first. It shows gaps.",
    },
    "ce_correlationid": {"description": "The same for all events that one request caused."},
    "ce_causationid": {"format": "uuid", "description": "The id of the event that caused this one."},
    "ce_actor": {"description": "The id of an employee or system, never a name."},
    "ce_batchid": {"format": "uuid", "description": "The import batch, if the event was imported."},
    "ce_batchrow": {"pattern": "^[0-9]+$", "description": "The row number in the imported file."},
    "traceparent": {"description": "W3C trace context."},
    "content-type": {"const": CONTENT_TYPE},
}
OPTIONAL_HEADERS = {"ce_causationid", "ce_batchid", "ce_batchrow", "traceparent"}


def header_schema() -> Json:
    """Return the schema of the headers of every event."""
    return {
        "type": "object",
        "properties": {name: text(**schema) for name, schema in HEADERS.items()},
        "required": [name for name in HEADERS if name not in OPTIONAL_HEADERS],
    }


def text(**schema: str) -> Json:
    return {"type": "string", **schema}


def example_headers(topic: Topic, event: Event) -> dict[str, str]:
    """Return the headers of the example of `event`, as the relay writes them."""
    envelope = example_envelope(event)
    return {
        "ce_specversion": "1.0",
        "ce_id": str(envelope.id),
        "ce_source": source_of(topic),
        "ce_type": event.type,
        "ce_subject": str(envelope.subject),
        "ce_time": utc_text(envelope.occurred_at),
        "ce_dataschema": schema_id(event.type),
        "ce_recordedtime": utc_text(envelope.recorded_at),
        "ce_streamid": str(envelope.stream_id),
        "ce_sequence": str(envelope.version),
        "ce_position": str(envelope.position),
        "ce_prevposition": "0",
        "ce_correlationid": envelope.metadata.correlation_id,
        "ce_actor": envelope.metadata.actor,
        "content-type": CONTENT_TYPE,
    }


def payload(event: Event) -> Json:
    """Return the value of the record. Unknown fields are omitted, never null."""
    return event.model_dump(mode="json", exclude_none=True)


def schema_id(event_type: str) -> str:
    return f"/schemas/{event_type}.json"


def type_of(event: type[Event]) -> str:
    return str(event.model_fields["type"].default)


def source_of(topic: Topic) -> str:
    return f"/care/{topic.owner}"
