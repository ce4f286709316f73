"""The parts of the AsyncAPI document about the topic that other systems write to."""

from pydantic import BaseModel

from contracts.asyncapi_channel import channel, receive_operations
from contracts.cloudevents import DATA_CONTENT_TYPE, Json, text
from contracts.examples.inbound import INBOUND_EXAMPLES
from contracts.inbound import INBOUND, AnyInbound
from contracts.topics import CUSTOMER_INBOUND

GROUP = "care-customer-inbound"
ATTRIBUTES: dict[str, Json] = {
    "ce_specversion": text(const="1.0"),
    "ce_id": text(description="The id of the message, 1 to 64 characters. Use the same id when you send it again."),
    "ce_source": text(
        description="The sending system, 1 to 64 characters. `ce_source` and `ce_id` together identify the message."
    ),
    "ce_time": text(format="date-time", description="When it happened, unless the value contains `occurred_at`."),
    "ce_correlationid": text(description="Optional: the same for all messages and events of one request."),
    "traceparent": text(description="Optional: W3C trace context."),
}
OPTIONAL = {"ce_correlationid", "traceparent"}
SUMMARY = "Use the customer's number as the record key, so that the messages about a customer stay in order."


def inbound_channel() -> Json:
    return channel(
        CUSTOMER_INBOUND,
        f"{CUSTOMER_INBOUND.meaning} {SUMMARY}",
        {name: name for name in INBOUND},
        "names of companies",
    )


def messages() -> dict[str, Json]:
    return {name: message(name, kind) for name, kind in INBOUND.items()}


def message(name: str, kind: type[AnyInbound]) -> Json:
    properties = {"ce_type": text(const=name), **ATTRIBUTES}
    return {
        "name": name,
        "title": kind.__name__,
        "summary": summary_of(kind),
        "contentType": DATA_CONTENT_TYPE,
        "headers": {
            "type": "object",
            "properties": properties,
            "required": [each for each in properties if each not in OPTIONAL],
        },
        "payload": {"$ref": f"#/components/schemas/InboundMessage.{kind.__name__}"},
        "examples": [{"headers": example_headers(kind), "payload": example(kind)}],
        "x-owner": CUSTOMER_INBOUND.owner,
        "x-pii": "names of companies",
    }


def operations() -> dict[str, Json]:
    return receive_operations("customer", [CUSTOMER_INBOUND], GROUP)


def summary_of(kind: type[BaseModel]) -> str:
    return (kind.__doc__ or "").splitlines()[0]


def example(kind: type[AnyInbound]) -> Json:
    return INBOUND_EXAMPLES[kind].model_dump(mode="json", exclude_none=True)


def example_headers(kind: type[AnyInbound]) -> Json:
    return {
        "ce_specversion": "1.0",
        "ce_type": kind.TYPE,
        "ce_id": "7f6d1c9e-2f0b-4d5e-9a54-0a1b5f7f3c11",
        "ce_source": "erp",
        "ce_time": "2024-06-03T09:30:00+08:00",
    }
