"""The parts of the AsyncAPI document about the topics with answers to erasures."""

from contracts.asyncapi_channel import KAFKA_BINDING, channel, receive_operations, send_operations
from contracts.cloudevents import CONTENT_TYPE, DATA_CONTENT_TYPE, Json, header_schema, source_of, text
from contracts.erasure_answers import ANSWER_TOPICS, ErasureConfirmed, value_of
from contracts.example_records import EXAMPLE_URL, example_headers
from contracts.examples.constants import CUSTOMER_ID, ERASURE_ID, RECORDED_AT
from contracts.topics import ERASURE_ANSWERS, Topic

GROUP = "care-customer-erasure-answers"
SUMMARY = "The service received an erasure and holds no personal data of that person."
EXAMPLES = {
    topic: ErasureConfirmed(
        customer_id=CUSTOMER_ID, erasure_id=ERASURE_ID, service=service, entries=0, received_at=RECORDED_AT
    )
    for service, topic in ANSWER_TOPICS.items()
}


def channels() -> dict[str, Json]:
    delivery = "Delivery is at least once. Records have no positions."
    return {
        topic.name: channel(topic, f"{topic.meaning} {delivery}", {ErasureConfirmed.TYPE: message_name(topic)})
        for topic in ERASURE_ANSWERS
    }


def messages() -> dict[str, Json]:
    return {message_name(topic): message(topic) for topic in ERASURE_ANSWERS}


def message_name(topic: Topic) -> str:
    return f"{topic.owner}.{ErasureConfirmed.TYPE}"


def message(topic: Topic) -> Json:
    properties = {
        "specversion": text(const="1.0"),
        "id": text(format="uuid", description="Derived from erasure and service; the same in every delivery."),
        "source": text(const=source_of(topic)),
        "type": text(const=ErasureConfirmed.TYPE),
        "subject": text(format="uuid", description="The id of the customer."),
        "time": text(format="date-time", description="When the service received the erasure."),
        "dataschema": text(format="uri", description="The JSON Schema of `data`."),
        "datacontenttype": text(const=DATA_CONTENT_TYPE),
        "data": {"$ref": f"#/components/schemas/{ErasureConfirmed.__name__}"},
    }
    return {
        "name": ErasureConfirmed.TYPE,
        "title": ErasureConfirmed.__name__,
        "summary": SUMMARY,
        "contentType": CONTENT_TYPE,
        "headers": header_schema(),
        "payload": {"type": "object", "properties": properties, "required": list(properties)},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "format": "uuid", "description": "The customer id as text."},
                "bindingVersion": KAFKA_BINDING,
            }
        },
        "examples": [{"headers": example_headers(), "payload": example_value(topic)}],
        "x-owner": topic.owner,
        "x-pii": "none",
    }


def operations() -> dict[str, Json]:
    return send_operations(ERASURE_ANSWERS) | receive_operations("customer", ERASURE_ANSWERS, GROUP)


def example_value(topic: Topic) -> Json:
    return value_of(EXAMPLES[topic], EXAMPLE_URL)


def payload(topic: Topic) -> Json:
    return EXAMPLES[topic].model_dump(mode="json")
