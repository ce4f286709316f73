"""The examples of records: headers and values as the relay writes them."""

from contracts.cloudevents import CONTENT_TYPE, DATA_CONTENT_TYPE, Json, schema_url, source_of
from contracts.event import Event
from contracts.examples import example_envelope
from contracts.topics import Topic
from contracts.types import utc_text

EXAMPLE_URL = "https://customer.care.example.com"
EXAMPLE_EPOCH = "0198c2a0-7d3e-7b61-9f0a-5d2f3f0c9a11"


def example_headers() -> dict[str, str]:
    return {"content-type": CONTENT_TYPE}


def example_record(topic: Topic, event: Event) -> Json:
    """Return the value of the example of `event`, as the relay writes it."""
    envelope = example_envelope(event)
    return {
        "specversion": "1.0",
        "source": source_of(topic),
        "type": event.type,
        "dataschema": schema_url(EXAMPLE_URL, event.type),
        "datacontenttype": DATA_CONTENT_TYPE,
        "epoch": EXAMPLE_EPOCH,
        "subject": str(envelope.subject),
        "streamid": str(envelope.stream_id),
        "sequence": str(envelope.version),
        "position": str(envelope.position),
        "prevposition": "0",
        "recordedtime": utc_text(envelope.recorded_at),
        "id": str(envelope.id),
        "time": utc_text(envelope.occurred_at),
        "actor": envelope.metadata.actor,
        "correlationid": envelope.metadata.correlation_id,
        "data": payload(event),
    }


def payload(event: Event) -> Json:
    """Return the data of the record. Unknown fields are omitted, never null."""
    return event.model_dump(mode="json", exclude_none=True)
