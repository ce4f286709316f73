"""Supervises the background tasks of a process: a failed task is logged, counted and restarted with backoff."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from chassis.runtime import metrics
from chassis.runtime.failure import describe_error

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
HEALTHY_AFTER_SECONDS = 30.0
STOP_SECONDS = 10.0


@dataclass(slots=True)
class Health:
    """The reported health of one task. Readiness is computed from all of them."""

    name: str
    is_ready: bool = False
    detail: str = "starting"

    def ready(self, detail: str = "running") -> None:
        self.is_ready, self.detail = True, detail

    def failed(self, detail: str) -> None:
        self.is_ready, self.detail = False, detail


@dataclass
class Supervisor:
    """Runs named tasks for ever. A task that ends or raises is restarted after a pause that doubles each time."""

    _healths: dict[str, Health] = field(default_factory=dict)
    _starts: list[tuple[Health, Callable[[], Awaitable[None]]]] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def health(self, name: str) -> Health:
        """Return the health of the task `name`, whether or not it runs in this process."""
        return self._healths.setdefault(name, Health(name))

    def running(self) -> list[Health]:
        return [health for health, _ in self._starts]

    def add(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        self._starts.append((self.health(name), run))

    def start(self) -> None:
        self._tasks = [asyncio.create_task(keep_running(health, run), name=health.name) for health, run in self._starts]

    async def stop(self) -> None:
        """Cancel all tasks and wait for them for at most STOP_SECONDS."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)


async def keep_running(health: Health, run: Callable[[], Awaitable[None]]) -> None:
    loop = asyncio.get_running_loop()
    pause = FIRST_PAUSE_SECONDS
    while True:
        started_at = loop.time()
        reason = await attempt(run)
        health.failed(reason)
        metrics.series(metrics.TASK_RESTARTS, health.name).inc()
        if loop.time() - started_at > HEALTHY_AFTER_SECONDS:
            pause = FIRST_PAUSE_SECONDS
        structlog.get_logger().warning("task.restart", task=health.name, reason=reason, pause_seconds=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


async def attempt(run: Callable[[], Awaitable[None]]) -> str:
    """Run once and return in one line why it ended. Only here is every exception caught."""
    try:
        # In a separate task: a TaskGroup whose child fails leaves its task marked as cancelled (Python 3.11, 3.12).
        await asyncio.ensure_future(run())
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        # The task was not cancelled itself: something that it awaited was.
        return "cancelled from inside"
    except Exception as error:  # noqa: BLE001 - a supervisor's whole purpose
        structlog.get_logger().debug("task.failed", exc_info=True)
        return describe_error(error)
    return "ended"
