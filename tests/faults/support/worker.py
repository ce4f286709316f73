"""Runs a service with a test's own topics and consumer groups: `worker PREFIX SERVICE ROLE`."""

import sys
from importlib import import_module
from typing import Any

from aiokafka import AIOKafkaConsumer

from chassis.consume import subscription
from chassis.service import run
from contracts.topics import ERASURE_ANSWERS, TOPICS, WATERMARKS
from services.reporting import projection
from tests.faults.support.slow_handler import (
    BUSY_DATABASE_SECONDS,
    SLEEP_SECONDS,
    number_from_env,
    shorten_poll_interval,
    slow_once,
)


def use_own_topics(prefix: str) -> None:
    """Use a test's own topics and consumer groups in this process."""
    for topic in (*TOPICS, *WATERMARKS, *ERASURE_ANSWERS):
        # The names are constants of the product; only tests use others.
        object.__setattr__(topic, "name", f"{prefix}.{topic.name}")
    join = subscription.new_consumer

    def join_own(bootstrap: str, name: str, *, shared: bool) -> AIOKafkaConsumer:
        return shorten_poll_interval(join(bootstrap, f"{prefix}.{name}", shared=shared))

    # A group waits for a killed member, so each test needs its own groups.
    subscription.new_consumer = join_own


def main(prefix: str, service: str, role: str) -> None:
    use_own_topics(prefix)
    if number_from_env(SLEEP_SECONDS) or number_from_env(BUSY_DATABASE_SECONDS):
        slow: Any = slow_once(projection.apply)
        projection.apply = slow
    module = import_module(f"services.{service}.__main__")
    run(module.NAME, module.build, role)


if __name__ == "__main__":
    main(*sys.argv[1:])
