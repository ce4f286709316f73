"""A handler that is slow once per process: it blocks the event loop, or keeps its database connection busy."""

import os
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer

from chassis.consume.isolation import Handler
from chassis.postgres.database import Connection
from contracts.event import Envelope

SLEEP_SECONDS = "FAULT_SLEEP_SECONDS"
BUSY_DATABASE_SECONDS = "FAULT_DAWDLE_SECONDS"
MAX_POLL_MS = "FAULT_MAX_POLL_MS"
Applies = Callable[[Sequence[Envelope[Any]], Connection], Coroutine[Any, Any, None]]
BEGAN, ENDED = "fault.began", "fault.ended"


def number_from_env(name: str) -> int:
    return int(os.environ.get(name, "0"))


def slow_once(handler: Handler) -> Applies:
    """Return a handler whose first call is as slow as the environment variables say."""
    pending = [True]

    async def slow(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        if pending:
            pending.clear()
            structlog.get_logger().info(BEGAN)
            time.sleep(number_from_env(SLEEP_SECONDS))  # noqa: ASYNC251 - the fault itself
            for _ in range(number_from_env(BUSY_DATABASE_SECONDS)):
                await held.execute("SELECT pg_sleep(1)")
            structlog.get_logger().info(ENDED)
        await handler(envelopes, held)

    return slow


def shorten_poll_interval(consumer: AIOKafkaConsumer) -> AIOKafkaConsumer:
    """Shorten the time without a poll after which a member leaves its group; the default is five minutes."""
    if limit := number_from_env(MAX_POLL_MS):
        consumer._max_poll_interval_ms = limit
    return consumer
