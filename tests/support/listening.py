"""Reads a topic from its start as an outside client would, and keeps what it has heard."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat

from tests.support.waiting import eventually


@dataclass
class Heard:
    """Every event of the topics listened to, as CloudEvents, in the order of arrival."""

    events: list[Any] = field(default_factory=list)
    open_alerts: dict[str, Any] = field(default_factory=dict)

    def of(self, customer_id: str, event_type: str | None = None) -> list[Any]:
        own = [event for event in self.events if event.get_subject() == customer_id]
        return [event for event in own if event_type in {None, event.get_type()}]

    async def wait_for(self, customer_id: str, event_type: str, **data: str) -> Any:
        """Return the event once it has come."""

        def found() -> list[Any]:
            return [
                event
                for event in self.of(customer_id, event_type)
                if all((event.get_data() or {}).get(name) == value for name, value in data.items())
            ]

        async def come() -> bool:
            return bool(found())

        await eventually(come)
        return found()[0]


@asynccontextmanager
async def listening(bootstrap: str, *topics: str) -> AsyncIterator[Heard]:
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    heard = Heard()
    task = asyncio.create_task(listen(consumer, heard))
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await consumer.stop()


async def listen(consumer: AIOKafkaConsumer, heard: Heard) -> None:
    async for record in consumer:
        if record.topic == "care.alert.open.v1":
            note(heard.open_alerts, record.key.decode(), record.value)
        elif record.key:
            message = KafkaMessage(headers=dict(record.headers), key=record.key, value=record.value)
            heard.events.append(from_binary(message, JSONFormat()))


def note(open_alerts: dict[str, Any], key: str, value: bytes | None) -> None:
    if value is None:
        open_alerts.pop(key, None)
    else:
        open_alerts[key] = json.loads(value)
