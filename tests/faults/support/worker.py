"""Runs a service as the product does, on topics and in groups of a test's own: `worker PREFIX SERVICE ROLE`."""

import sys
from importlib import import_module
from typing import Any

from aiokafka import AIOKafkaConsumer

from chassis.consume import subscription
from chassis.service import run
from contracts.topics import ERASURE_ANSWERS, TOPICS
from services.reporting import projection
from tests.faults.support.slowness import DAWDLE_SECONDS, SLEEP_SECONDS, asked, be_impatient, slow_once


def main(prefix: str, service: str, role: str) -> None:
    for topic in (*TOPICS, *ERASURE_ANSWERS):
        # The names are constants of the product; only a test may want others.
        object.__setattr__(topic, "name", f"{prefix}.{topic.name}")
    join = subscription.new_consumer

    def join_own(bootstrap: str, name: str, *, shared: bool) -> AIOKafkaConsumer:
        return be_impatient(join(bootstrap, f"{prefix}.{name}", shared=shared))

    # A member that was killed is waited for by its group: no other test may be in that.
    subscription.new_consumer = join_own
    if asked(SLEEP_SECONDS) or asked(DAWDLE_SECONDS):
        slow: Any = slow_once(projection.apply)
        projection.apply = slow
    module = import_module(f"services.{service}.__main__")
    run(module.NAME, module.build, role)


if __name__ == "__main__":
    main(*sys.argv[1:])
