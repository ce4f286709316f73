"""One Kafka topic as a channel of the AsyncAPI document."""

from collections.abc import Mapping

from contracts.cloudevents import Json
from contracts.topics import Topic

KAFKA_BINDING = "0.5.0"


def channel(topic: Topic, description: str, messages: Mapping[str, str], pii: str = "none") -> Json:
    """Return the channel; `messages` are the names its records have on it, each with that of its component."""
    return {
        "address": topic.name,
        "description": description,
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {name: {"$ref": f"#/components/messages/{component}"} for name, component in messages.items()},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": [topic.cleanup_policy],
                    "retention.ms": topic.retention_ms,
                },
                "bindingVersion": KAFKA_BINDING,
            }
        },
        "x-owner": topic.owner,
        "x-pii": pii,
    }
