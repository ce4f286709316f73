"""The parts of the AsyncAPI document about the topics of watermarks."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_

from contracts.asyncapi_channel import KAFKA_BINDING, channel, receive_operations, send_operations
from contracts.cloudevents import CONTENT_TYPE, DATA_CONTENT_TYPE, Json, header_schema, schema_url, source_of, text
from contracts.example_records import EXAMPLE_EPOCH, EXAMPLE_URL, example_headers
from contracts.examples import EXAMPLES, RECORDED_AT, example_envelope
from contracts.topics import EVENT_TOPICS, WATERMARKS, Topic, watermarks_of
from contracts.types import utc_text
from contracts.watermark import Watermark

SUMMARY = "Up to when a partition is complete. You need it only to prove that nothing happened."
KEY = "The number of the partition as text."


def channels() -> dict[str, Json]:
    return {topic.name: channel(topic, topic.meaning, {Watermark.TYPE: message_name(topic)}) for topic in WATERMARKS}


def messages() -> dict[str, Json]:
    return {message_name(watermarks_of(topic)): message(topic) for topic in EVENT_TOPICS}


def message_name(topic: Topic) -> str:
    return f"{topic.owner}.{Watermark.TYPE}"


def message(topic: Topic) -> Json:
    properties = {
        "specversion": text(const="1.0"),
        "source": text(const=source_of(topic)),
        "type": text(const=Watermark.TYPE),
        "dataschema": text(format="uri", description="The JSON Schema of `data`."),
        "datacontenttype": text(const=DATA_CONTENT_TYPE),
        "epoch": text(format="uuid", description="The epoch of the store, as on its events."),
        "id": text(description="Derived from partition and time."),
        "time": text(format="date-time", description="The same as `complete_until`."),
        "data": {"$ref": f"#/components/schemas/{Watermark.__name__}"},
    }
    return {
        "name": Watermark.TYPE,
        "title": Watermark.__name__,
        "summary": SUMMARY,
        "contentType": CONTENT_TYPE,
        "headers": header_schema(),
        "payload": {"type": "object", "properties": properties, "required": list(properties)},
        "bindings": {
            "kafka": {"key": {"type": "string", "description": KEY}, "bindingVersion": KAFKA_BINDING},
        },
        "examples": [{"headers": example_headers(), "payload": example_value(topic)}],
        "x-owner": topic.owner,
        "x-pii": "none",
    }


def operations(consumers: Mapping[str, Sequence[Topic]]) -> dict[str, Json]:
    """Return who sends and who receives watermarks. `consumers` are the topics of events that each service reads."""
    read = {service: map(watermarks_of, topics) for service, topics in consumers.items()}
    received = [receive_operations(service, topics, f"care-{service}") for service, topics in read.items()]
    return reduce(or_, received, send_operations(WATERMARKS))


def example(topic: Topic) -> Watermark:
    """Return a watermark of a partition whose last event is the example of the first type."""
    last = example_envelope(EXAMPLES[topic.events[0]])
    return Watermark(partition=3, position=last.position, event_id=last.id, complete_until=RECORDED_AT)


def payload(topic: Topic) -> Json:
    return example(topic).model_dump(mode="json", exclude_none=True)


def example_value(topic: Topic) -> Json:
    """Return the value of the example, as the relay writes it."""
    mark = example(topic)
    return {
        "specversion": "1.0",
        "source": source_of(topic),
        "type": Watermark.TYPE,
        "dataschema": schema_url(EXAMPLE_URL, Watermark.TYPE),
        "datacontenttype": DATA_CONTENT_TYPE,
        "epoch": EXAMPLE_EPOCH,
        "id": f"watermark-{mark.partition}-{utc_text(mark.complete_until)}",
        "time": utc_text(mark.complete_until),
        "data": payload(topic),
    }
