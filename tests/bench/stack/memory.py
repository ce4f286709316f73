"""Memory usage of each service: idle, and after a load on all of them."""

import asyncio
import sys

from tests.bench.harness.measuring import Figure
from tests.bench.harness.processes import resident_megabytes
from tests.bench.stack.latency import known_to_followup
from tests.bench.stack.whole import Whole, log_contacts, register

TARGET_MEGABYTES = 150.0
CUSTOMERS = 200
SETTLE_SECONDS = 2.0


async def measure(whole: Whole) -> list[Figure]:
    if sys.platform != "linux":
        whole.say("memory: read from /proc, which only Linux has; left out")
        return []
    rest = figures(whole, "at rest")
    customers = await register(whole, CUSTOMERS)
    await known_to_followup(whole, customers)
    await log_contacts(whole, customers, whole.effort.load_seconds, lambda _asked: None)
    await asyncio.sleep(SETTLE_SECONDS)
    return [*rest, *figures(whole, "after load")]


def figures(whole: Whole, when: str) -> list[Figure]:
    found = []
    for name, url in whole.client.urls.items():
        megabytes = resident_megabytes(f"services.{name}", url.rpartition(":")[2])
        found.append(Figure(f"memory of {name} {when}", megabytes, "MB", target=TARGET_MEGABYTES))
    return found
