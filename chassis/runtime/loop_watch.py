"""Event-loop monitor: measures the loop's lag, and dumps the stack of each thread when the loop is blocked."""

import asyncio
import faulthandler
import time

from chassis.runtime import metrics
from chassis.runtime.supervisor import Health

BEAT_SECONDS = 0.5
BLOCKED_SECONDS = 5.0


async def watch(health: Health) -> None:
    """Measure the loop's lag until cancelled; when it is blocked, write the stack of each thread to stderr once."""
    health.ready()
    try:
        while True:
            # faulthandler uses its own thread, because a blocked loop cannot report anything.
            faulthandler.dump_traceback_later(BLOCKED_SECONDS)
            started_at = time.monotonic()
            await asyncio.sleep(BEAT_SECONDS)
            metrics.LOOP_LAG.observe(max(0.0, time.monotonic() - started_at - BEAT_SECONDS))
    finally:
        faulthandler.cancel_dump_traceback_later()
