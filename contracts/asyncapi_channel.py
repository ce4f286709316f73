"""The description of a Kafka topic as an AsyncAPI channel."""

from collections.abc import Iterable, Mapping

from contracts.cloudevents import Json, text
from contracts.topics import Topic

KAFKA_BINDING = "0.5.0"


def channel(topic: Topic, description: str, messages: Mapping[str, str], pii: str = "none") -> Json:
    """Return the channel of a topic. `messages` maps the message names of the channel to component names."""
    return {
        "address": topic.name,
        "description": description,
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {name: {"$ref": f"#/components/messages/{component}"} for name, component in messages.items()},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": configuration(topic),
                "bindingVersion": KAFKA_BINDING,
            }
        },
        "x-owner": topic.owner,
        "x-pii": pii,
    }


def send_operations(topics: Iterable[Topic]) -> dict[str, Json]:
    """Return the operations with which the owners of the topics write to them."""
    return {
        f"{topic.owner}.send.{topic.name}": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{topic.name}"},
            "x-owner": topic.owner,
        }
        for topic in topics
    }


def receive_operations(service: str, topics: Iterable[Topic], group: str) -> dict[str, Json]:
    """Return the operations with which a service reads the topics, as a member of the consumer group."""
    return {
        f"{service}.receive.{topic.name}": {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{topic.name}"},
            "bindings": {"kafka": {"groupId": text(const=group), "bindingVersion": KAFKA_BINDING}},
            "x-owner": service,
        }
        for topic in topics
    }


def configuration(topic: Topic) -> Json:
    kept: Json = {"cleanup.policy": [topic.cleanup_policy], "retention.ms": topic.retention_ms}
    return kept if topic.compact_after_ms is None else kept | {"max.compaction.lag.ms": topic.compact_after_ms}
