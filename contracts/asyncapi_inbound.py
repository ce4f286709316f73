"""The topic that other systems write to, as parts of the AsyncAPI document."""

from pydantic import BaseModel

from contracts.asyncapi_channel import KAFKA_BINDING, channel
from contracts.cloudevents import CONTENT_TYPE, Json, text
from contracts.examples.inbound import INBOUND_EXAMPLES
from contracts.inbound import INBOUND, AnyInbound
from contracts.topics import CUSTOMER_INBOUND

GROUP = "care-customer-inbound"
ATTRIBUTES: dict[str, Json] = {
    "ce_specversion": text(const="1.0"),
    "ce_id": text(description="The message, the same however often it is sent. 1 to 64 characters."),
    "ce_source": text(description="The system that tells; with `ce_id` it tells the message from all others."),
    "ce_time": text(format="date-time", description="When it happened, where the value does not say so."),
    "ce_correlationid": text(description="Optional: ties together all that one act set off."),
    "traceparent": text(description="Optional: W3C trace context."),
}
OPTIONAL = {"ce_correlationid", "traceparent"}
SUMMARY = "Key the records by the customer's number, so that what is told of a customer keeps its order."


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
        "contentType": CONTENT_TYPE,
        "headers": {
            "type": "object",
            "properties": properties,
            "required": [each for each in properties if each not in OPTIONAL],
        },
        "payload": {"$ref": f"#/components/schemas/InboundFact.{kind.__name__}"},
        "examples": [{"headers": example_headers(kind), "payload": example(kind)}],
        "x-owner": CUSTOMER_INBOUND.owner,
        "x-pii": "names of companies",
    }


def receiving() -> dict[str, Json]:
    return {
        f"customer.receive.{CUSTOMER_INBOUND.name}": {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{CUSTOMER_INBOUND.name}"},
            "bindings": {"kafka": {"groupId": text(const=GROUP), "bindingVersion": KAFKA_BINDING}},
            "x-owner": "customer",
        }
    }


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
