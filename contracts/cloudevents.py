"""The Kafka record of an event: a CloudEvent 1.0 in structured mode, with the description of each attribute."""

from typing import Any

from contracts.event import Event
from contracts.topics import Topic

Json = dict[str, Any]

CONTENT_TYPE = "application/cloudevents+json"
DATA_CONTENT_TYPE = "application/json"
DIGITS = "^[0-9]+$"
# Numbers are texts: an Integer of CloudEvents has 32 bits, and JavaScript rounds above 2^53.
ATTRIBUTES: dict[str, Json] = {
    "specversion": {"const": "1.0"},
    "id": {"format": "uuid", "description": "The id of the event. It is the same in every delivery."},
    "source": {"description": "The service that published the event."},
    "type": {"description": "The event type. Ignore unknown types."},
    "dataschema": {"format": "uri", "description": "The JSON Schema of `data`. The service serves it at this address."},
    "datacontenttype": {"const": DATA_CONTENT_TYPE},
    "epoch": {
        "format": "uuid",
        "description": "The epoch of the store. A restore from an older copy changes it: then discard your results.",
    },
    "subject": {
        "format": "uuid",
        "description": "The id of the customer; of an event of configuration, the id of its stream.",
    },
    "streamid": {
        "format": "uuid",
        "description": "The id of the stream, for example of the customer, order, contact, task, complaint or alert.",
    },
    "sequence": {"pattern": DIGITS, "description": "The version in the stream, starting at 1."},
    "position": {
        "pattern": DIGITS,
        "description": "The position in the store, in commit order. Ignore records up to the last applied position.",
    },
    "prevposition": {
        "pattern": DIGITS,
        "description": "The position of the previous record on this partition, 0 for the first. It shows gaps.",
    },
    "recordedtime": {"format": "date-time", "description": "When it was stored."},
    "time": {"format": "date-time", "description": "When it happened."},
    "actor": {"description": "The id of an employee or system, never a name."},
    "correlationid": {"description": "The same for all events that one request caused."},
    "causationid": {"format": "uuid", "description": "The id of the event that caused this one."},
    "traceparent": {"description": "W3C trace context."},
    "batchid": {"format": "uuid", "description": "The import batch, if the event was imported."},
    "batchrow": {"pattern": DIGITS, "description": "The row number in the imported file."},
}
OPTIONAL_ATTRIBUTES = {"causationid", "traceparent", "batchid", "batchrow"}


def header_schema() -> Json:
    """Return the schema of the headers of every record."""
    return {
        "type": "object",
        "properties": {"content-type": text(const=CONTENT_TYPE)},
        "required": ["content-type"],
    }


def attribute_schema() -> Json:
    """Return the schema of the value of every event, without its data."""
    return {
        "type": "object",
        "properties": {name: text(**schema) for name, schema in ATTRIBUTES.items()} | {"data": {"type": "object"}},
        "required": [*(name for name in ATTRIBUTES if name not in OPTIONAL_ATTRIBUTES), "data"],
    }


def text(**schema: str) -> Json:
    return {"type": "string", **schema}


def schema_id(event_type: str) -> str:
    """Return the `$id` of a schema, relative to the address that serves it."""
    return f"{event_type}.json"


def schema_url(public_url: str, event_type: str) -> str:
    """Return the address of a schema at a service that is reached at `public_url`."""
    return f"{public_url}/schemas/{schema_id(event_type)}"


def type_of(event: type[Event]) -> str:
    return str(event.model_fields["type"].default)


def source_of(topic: Topic) -> str:
    return f"/care/{topic.owner}"
