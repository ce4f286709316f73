"""Reads topics from the start like an external client, and keeps the received events."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer
from cloudevents.core.bindings.kafka import KafkaMessage, from_structured
from cloudevents.core.formats.json import JSONFormat

from tests.support.waiting import eventually


@dataclass
class ReceivedEvents:
    """Every received event as a CloudEvent, in the order of arrival."""

    events: list[Any] = field(default_factory=list)
    open_alerts: dict[str, Any] = field(default_factory=dict)

    def of(self, customer_id: str, event_type: str | None = None) -> list[Any]:
        own = [event for event in self.events if event.get_subject() == customer_id]
        return [event for event in own if event_type in {None, event.get_type()}]

    async def wait_for(self, customer_id: str, event_type: str, **data: str) -> Any:
        """Return the event once it has been received."""

        def found() -> list[Any]:
            return [
                event
                for event in self.of(customer_id, event_type)
                if all((event.get_data() or {}).get(name) == value for name, value in data.items())
            ]

        async def is_received() -> bool:
            return bool(found())

        await eventually(is_received)
        return found()[0]


@asynccontextmanager
async def read_topics(bootstrap: str, *topics: str) -> AsyncIterator[ReceivedEvents]:
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    received = ReceivedEvents()
    task = asyncio.create_task(read(consumer, received))
    try:
        yield received
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await consumer.stop()


async def read(consumer: AIOKafkaConsumer, received: ReceivedEvents) -> None:
    async for record in consumer:
        if record.topic == "care.alert.open.v1":
            note(received.open_alerts, record.key.decode(), record.value)
        elif record.key:
            message = KafkaMessage(headers=dict(record.headers), key=record.key, value=record.value)
            received.events.append(from_structured(message, JSONFormat()))


def note(open_alerts: dict[str, Any], key: str, value: bytes | None) -> None:
    if value is None:
        open_alerts.pop(key, None)
    else:
        open_alerts[key] = json.loads(value)["data"]
