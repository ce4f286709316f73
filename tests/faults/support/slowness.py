"""A handler that takes too long, once in the life of a process: it blocks the loop, or keeps its database busy."""

import os
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer

from chassis.consume.applier import Handler
from chassis.postgres.database import Connection
from contracts.event import Envelope

SLEEP_SECONDS = "FAULT_SLEEP_SECONDS"
DAWDLE_SECONDS = "FAULT_DAWDLE_SECONDS"
MAX_POLL_MS = "FAULT_MAX_POLL_MS"
Applies = Callable[[Sequence[Envelope[Any]], Connection], Coroutine[Any, Any, None]]
BEGAN, ENDED = "fault.began", "fault.ended"


def asked(name: str) -> int:
    return int(os.environ.get(name, "0"))


def slow_once(handler: Handler) -> Applies:
    """Return a handler whose first call is as slow as the environment asks."""
    to_come = [True]

    async def slow(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        if to_come:
            to_come.clear()
            structlog.get_logger().info(BEGAN)
            time.sleep(asked(SLEEP_SECONDS))  # noqa: ASYNC251 - the fault itself
            for _ in range(asked(DAWDLE_SECONDS)):
                await held.execute("SELECT pg_sleep(1)")
            structlog.get_logger().info(ENDED)
        await handler(envelopes, held)

    return slow


def be_impatient(consumer: AIOKafkaConsumer) -> AIOKafkaConsumer:
    """Let a member leave its group sooner than after the client's five minutes without a poll."""
    if limit := asked(MAX_POLL_MS):
        consumer._max_poll_interval_ms = limit
    return consumer
