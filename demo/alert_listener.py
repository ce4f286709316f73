"""Consumes the alerts topic, and prints each alert as it arrives."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer
from rich.console import Console

from chassis.kafka.client import close_client
from contracts.topics import ALERT_EVENTS
from demo.texts import Texts

COLOURS = {"care.alert.raised.v1": "red", "care.alert.cleared.v1": "green", "care.alert.withdrawn.v1": "cyan"}
SHOWN_AT_MOST = 25


class Listener:
    """Keeps the alerts received, and prints the first SHOWN_AT_MOST since the last reset."""

    def __init__(self, console: Console, texts: Texts) -> None:
        self._console = console
        self._wording = texts
        self.received: list[tuple[str, str, str]] = []
        self._shown = 0

    def reset_limit(self) -> None:
        """Print the next SHOWN_AT_MOST alerts."""
        self._shown = 0

    async def listen(self, consumer: AIOKafkaConsumer) -> None:
        async for record in consumer:
            event = json.loads(record.value)
            if event["type"] in COLOURS:
                self._receive(event["type"], event["subject"], event["data"])

    def _receive(self, event_type: str, customer_id: str, alert: dict[str, str]) -> None:
        kind = event_type.split(".")[2]
        self.received.append((customer_id, alert["rule_id"], kind))
        self._shown += 1
        if self._shown > SHOWN_AT_MOST:
            return
        summary = alert["summary_zh"] if self._wording.language == "zh" else alert["summary"]
        name = alert.get("customer_name", customer_id)
        self._console.print(f"[{COLOURS[event_type]}]{self._wording.alert} {kind:9}[/] {name}  {summary}")

    async def wait_for(self, customer_id: str, rule_id: str, kind: str, seconds: float = 30) -> None:
        """Return once that alert has been received."""
        async with asyncio.timeout(seconds):
            while (customer_id, rule_id, kind) not in self.received:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def listen_to_alerts(bootstrap: str, console: Console, texts: Texts) -> AsyncIterator[Listener]:
    """Consume new alerts for the duration of the block."""
    consumer = AIOKafkaConsumer(ALERT_EVENTS.name, bootstrap_servers=bootstrap, auto_offset_reset="latest")
    await consumer.start()
    listener = Listener(console, texts)
    task = asyncio.create_task(listener.listen(consumer))
    try:
        yield listener
    finally:
        task.cancel()
        await close_client(consumer.stop())
