"""Supervises the stack: starts its parts in order, restarts them when they end, and stops all of them."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import httpx

from deploy.stack import credentials, layout, state
from deploy.stack.bootstrap import bootstrap
from deploy.stack.child import Child
from deploy.stack.credentials import Credentials
from deploy.stack.databases import SERVICES, DatabaseUrls
from deploy.stack.errors import StackError
from deploy.stack.infrastructure import Infrastructure, infrastructure
from deploy.stack.layout import Layout
from deploy.stack.providers import Say

PROJECT = Path(__file__).parents[2]
PROBE_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
STEADY_SECONDS = 60.0
SETTLE_SECONDS = 30.0


@asynccontextmanager
async def stack(data_dir: Path, chosen: Layout, say: Say) -> AsyncIterator[tuple[Infrastructure, DatabaseUrls]]:
    """Run the whole stack for the duration of the context. Raise `StackError` if a part cannot be started."""
    async with AsyncExitStack() as running:
        running.enter_context(state.sole_instance(data_dir))
        state.require_no_containers(data_dir)
        await _wait_for_previous_run(data_dir, chosen, say)
        chosen.require_free()
        servers = await running.enter_async_context(
            infrastructure(data_dir, postgres_port=chosen.postgres, kafka_port=chosen.kafka, say=say)
        )
        secrets = credentials.load(data_dir)
        urls = await bootstrap(servers.postgres_admin_url, secrets, say)
        children = _children(data_dir, chosen, urls, servers, secrets)
        for child in children:
            say(f"starting {child.name}")
            await child.start()
            running.push_async_callback(_stop, child, say)
        state.publish(data_dir, layout.public_environment(chosen, urls, servers.kafka_bootstrap), os.getpid())
        running.callback(state.withdraw, data_dir)
        await running.enter_async_context(_restarting([*servers.children, *children], say))
        yield servers, urls


async def _wait_for_previous_run(data_dir: Path, chosen: Layout, say: Say) -> None:
    """Wait, for a bounded time, until the servers of a killed run have ended."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + SETTLE_SECONDS
    while state.stopped_uncleanly(data_dir) and clock() < deadline and chosen.answered():
        say("waiting until the servers of the previous run have ended")
        await asyncio.sleep(1)
    state.withdraw(data_dir)


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
async def _restarting(children: Sequence[Child], say: Say) -> AsyncIterator[None]:
    watchers = [asyncio.create_task(keep_running(child, say)) for child in children]
    try:
        yield
    finally:
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)


async def keep_running(child: Child, say: Say) -> None:
    """Restart `child` whenever it ends, with exponential backoff. Runs until it is cancelled."""
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
        except StackError as error:
            say(str(error).splitlines()[0])
