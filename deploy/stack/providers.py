"""Providers of a server (PostgreSQL or Kafka), in order of preference. The first available one starts the server."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.stack.child import Child
from deploy.stack.credentials import Credentials, write_private
from deploy.stack.errors import StackError

Say = Callable[[str], None]
NAMED_BY_ADDRESS = "environment"


@dataclass(frozen=True, slots=True)
class StartOptions:
    """The input of a provider: data folder, port, credentials, and a function that prints progress."""

    data_dir: Path
    port: int
    credentials: Credentials
    say: Say


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `children` are the processes that we started for it, if any."""

    address: str
    label: str
    # False for a substitute with weaker guarantees.
    genuine: bool = True
    children: tuple[Child, ...] = ()


@dataclass(frozen=True, slots=True)
class Provider:
    """A source of a server. With `keeps_data`, its data is available only through the same provider."""

    name: str
    offered: Callable[[Say], Awaitable[bool]]
    start: Callable[[StartOptions], AbstractAsyncContextManager[Server]]
    keeps_data: bool = False


@asynccontextmanager
async def start_server(wanted: str, providers: Sequence[Provider], options: StartOptions) -> AsyncIterator[Server]:
    """Run `wanted` by the requested provider, else by the one that has the local data, else by the first available one.

    CARE_POSTGRESQL_FROM and CARE_KAFKA_FROM request a provider by its name.
    """
    requested = os.environ.get(f"CARE_{wanted.upper()}_FROM")
    kept = last_used(options.data_dir, wanted)
    provider = await choose(wanted, providers, requested, kept, options.say)
    async with provider.start(options) as server:
        if provider.keeps_data:
            write_private(_last_used(options.data_dir, wanted), provider.name)
        options.say(f"using {server.label}")
        yield server


def last_used(data_dir: Path, wanted: str) -> str | None:
    """Return the provider that has the local data of a server; None if there is no data yet."""
    last = _last_used(data_dir, wanted)
    return last.read_text("utf-8") if last.exists() else None


def _last_used(data_dir: Path, wanted: str) -> Path:
    return data_dir / f"{wanted.lower()}.from"


async def choose(
    wanted: str, providers: Sequence[Provider], requested: str | None, kept: str | None, say: Say
) -> Provider:
    """Return the first provider that is allowed and available. Raise `StackError` if there is none."""
    names = ", ".join(provider.name for provider in providers)
    for provider in providers:
        if _allowed(provider, requested, kept) and await provider.offered(say):
            return provider
    if requested is None and kept is not None:
        raise StackError(
            f"The local data of {wanted} belongs to the provider '{kept}', which is not available now. "
            "Make it available again, or delete the local data: ./care reset",
            f"{wanted} 的本地数据属于“{kept}”方式，目前不可用。请恢复该方式，或删除本地数据：./care reset",
        )
    source = f" from the provider '{requested}'" if requested else ""
    raise StackError(
        f"No {wanted}{source} is available. Known providers: {names}.",
        f"没有可用的 {wanted}。可选的方式：{names}。",
    )


async def always(_: Say) -> bool:
    return True


def _allowed(provider: Provider, requested: str | None, kept: str | None) -> bool:
    if requested is not None:
        return provider.name == requested
    # An address in the environment always takes precedence over local data.
    return kept is None or provider.name in (kept, NAMED_BY_ADDRESS)
