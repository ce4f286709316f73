"""Supervises the stack: starts its parts in order, restarts them when they end, and stops all of them."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx

from deploy.stack import credentials, layout, stack_lock, state
from deploy.stack.bootstrap import bootstrap
from deploy.stack.child import Child
from deploy.stack.credentials import Credentials
from deploy.stack.databases import SERVICES, DatabaseUrls
from deploy.stack.errors import StackError
from deploy.stack.infrastructure import Infrastructure, infrastructure
from deploy.stack.layout import PROJECT, Layout
from deploy.stack.providers import Say
from deploy.stack.state import Part, Phase, State

PROBE_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
STEADY_SECONDS = 60.0
SETTLE_SECONDS = 30.0


@dataclass(slots=True)
class Report:
    """Writes the state file of this run."""

    data_dir: Path
    children: list[Child] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    phase: Phase = Phase.STARTING

    def enter(self, phase: Phase) -> None:
        self.phase = phase
        self.publish()

    def publish(self) -> None:
        parts = {
            each.name: Part(pid=each.process.pid, since=each.since)
            for each in self.children
            if each.process and each.since
        }
        state.publish(
            self.data_dir, State(pid=os.getpid(), phase=self.phase, environment=self.environment, parts=parts)
        )


@asynccontextmanager
async def stack(
    data_dir: Path, chosen: Layout, say: Say, *, only_servers: bool = False
) -> AsyncIterator[tuple[Infrastructure, DatabaseUrls]]:
    """Run the whole stack, or only its servers, for the duration of the context.

    Raise `StackError` if a part cannot be started.
    """
    async with AsyncExitStack() as running:
        running.enter_context(stack_lock.sole_instance(data_dir))
        state.require_no_containers(data_dir)
        killed = state.stopped_uncleanly(data_dir)
        report = Report(data_dir)
        report.publish()
        running.callback(state.withdraw, data_dir)
        if killed:
            await _wait_for_previous_run(chosen, say)
        chosen.require_free()
        layout.remember(data_dir, chosen)
        servers = await running.enter_async_context(
            infrastructure(data_dir, postgres_port=chosen.postgres, kafka_port=chosen.kafka, say=say)
        )
        secrets = credentials.load(data_dir)
        urls = await bootstrap(servers.postgres_admin_url, secrets, say)
        children = [] if only_servers else _children(data_dir, chosen, urls, servers, secrets)
        for child in children:
            say(f"starting {child.name}")
            await child.start()
            running.push_async_callback(_stop, child, say)
        report.children = [*servers.children, *children]
        report.environment = layout.public_environment(chosen, urls, servers.kafka_bootstrap)
        report.enter(Phase.ONLY_SERVERS if only_servers else Phase.READY)
        running.callback(report.enter, Phase.STOPPING)
        await running.enter_async_context(_restarting(report.children, say, report.publish))
        yield servers, urls


async def _wait_for_previous_run(chosen: Layout, say: Say) -> None:
    """Wait, for a bounded time, until the servers of a killed run have ended."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + SETTLE_SECONDS
    while clock() < deadline and chosen.answered():
        say("waiting until the servers of the previous run have ended")
        await asyncio.sleep(1)


def _children(
    data_dir: Path, chosen: Layout, urls: DatabaseUrls, servers: Infrastructure, secrets: Credentials
) -> list[Child]:
    """Return the issuer and the services, in the order to start them."""
    services = [
        _service(
            data_dir,
            name,
            chosen.url(name),
            layout.service_environment(name, chosen, urls, servers, secrets),
        )
        for name in SERVICES
    ]
    return [_issuer(data_dir, chosen), *services]


def _issuer(data_dir: Path, chosen: Layout) -> Child:
    return Child(
        name="issuer",
        command=[sys.executable, "-m", "deploy.stack.issuer", str(data_dir.absolute()), str(chosen.base)],
        log=data_dir / "logs" / "issuer.log",
        ready=partial(_responds_ok, f"{chosen.issuer}/"),
        folder=PROJECT,
    )


def _service(data_dir: Path, name: str, url: str, environment: dict[str, str]) -> Child:
    return Child(
        name=name,
        command=[sys.executable, "-m", f"services.{name}"],
        log=data_dir / "logs" / f"{name}.log",
        ready=partial(_responds_ok, f"{url}/readyz"),
        environment=environment,
        folder=PROJECT,
    )


async def _responds_ok(url: str) -> bool:
    try:
        async with httpx.AsyncClient(timeout=PROBE_SECONDS, trust_env=False) as client:
            return (await client.get(url)).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


async def _stop(child: Child, say: Say) -> None:
    say(f"stopping {child.name}")
    await child.stop()


@asynccontextmanager
async def _restarting(children: Sequence[Child], say: Say, restarted: Callable[[], None]) -> AsyncIterator[None]:
    watchers = [asyncio.create_task(keep_running(child, say, restarted)) for child in children]
    try:
        yield
    finally:
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)


async def keep_running(child: Child, say: Say, restarted: Callable[[], None]) -> None:
    """Restart `child` whenever it ends, with exponential backoff, and call `restarted`. Runs until it is cancelled."""
    clock = asyncio.get_running_loop().time
    pause = FIRST_PAUSE_SECONDS
    while True:
        since = clock()
        code = await child.wait()
        if clock() - since > STEADY_SECONDS:
            pause = FIRST_PAUSE_SECONDS
        say(f"{child.name} ended (exit code {code}). Restart in {pause:.0f} s. Log: {child.log}")
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        try:
            await child.start()
            say(f"{child.name} is running again")
            restarted()
        except (StackError, OSError) as error:
            say(str(error).splitlines()[0])
