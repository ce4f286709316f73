"""Watches a process's event loop: how late it is, and where it stands when nothing moves on."""

import asyncio
import faulthandler
import time

from chassis.runtime import metrics
from chassis.runtime.supervisor import Health

BEAT_SECONDS = 0.5
BLOCKED_SECONDS = 5.0


async def watch(health: Health) -> None:
    """Measure the loop's lag until cancelled; while it is blocked, write once to stderr where each thread stands."""
    health.ready()
    try:
        while True:
            # Python's own thread waits beside the loop, which can say nothing while it is blocked.
            faulthandler.dump_traceback_later(BLOCKED_SECONDS)
            asked_at = time.monotonic()
            await asyncio.sleep(BEAT_SECONDS)
            metrics.LOOP_LAG.observe(max(0.0, time.monotonic() - asked_at - BEAT_SECONDS))
    finally:
        faulthandler.cancel_dump_traceback_later()
