"""The ladder: of the ways to get a server, the first that this machine offers."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.stack.child import Child
from deploy.stack.credentials import Credentials
from deploy.stack.errors import CannotRun

Say = Callable[[str], None]
NAMED_BY_ADDRESS = "environment"


@dataclass(frozen=True, slots=True)
class Premises:
    """What every rung is told: where its data may be, which port is its own, whom to tell of progress."""

    data_dir: Path
    port: int
    credentials: Credentials
    say: Say


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers. `children` are our processes behind it; none if it is somebody else's."""

    address: str
    label: str
    # False for a stand-in that promises less than the real one.
    genuine: bool = True
    children: tuple[Child, ...] = ()


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to get a server. `keeps_data` says that the next run finds this way's data only by this way."""

    name: str
    offered: Callable[[Say], Awaitable[bool]]
    start: Callable[[Premises], AbstractAsyncContextManager[Server]]
    keeps_data: bool = False


@asynccontextmanager
async def climb(wanted: str, rungs: Sequence[Rung], premises: Premises) -> AsyncIterator[Server]:
    """Run `wanted` in the way asked for, else the way that has our data, else the first this machine offers.

    CARE_POSTGRESQL_FROM and CARE_KAFKA_FROM ask for a way by its name.
    """
    asked = os.environ.get(f"CARE_{wanted.upper()}_FROM")
    last = premises.data_dir / f"{wanted.lower()}.from"
    kept = last.read_text() if last.exists() else None
    rung = await choose(wanted, rungs, asked, kept, premises.say)
    async with rung.start(premises) as server:
        if rung.keeps_data:
            last.write_text(rung.name)
        premises.say(f"{server.label} answers")
        yield server


async def choose(wanted: str, rungs: Sequence[Rung], asked: str | None, kept: str | None, say: Say) -> Rung:
    """Return the first rung allowed and offered; raise `CannotRun` if there is none."""
    names = ", ".join(rung.name for rung in rungs)
    for rung in rungs:
        if _allowed(rung, asked, kept) and await rung.offered(say):
            return rung
    if asked is None and kept is not None:
        raise CannotRun(
            f"The local data of {wanted} is held by way of '{kept}', which this machine does not offer now. "
            "Bring that back, or forget the local data: make reset"
        )
    way = f" by way of '{asked}'" if asked else ""
    raise CannotRun(f"This machine offers no {wanted}{way}; the ways are: {names}.")


async def always(_: Say) -> bool:
    return True


def _allowed(rung: Rung, asked: str | None, kept: str | None) -> bool:
    if asked is not None:
        return rung.name == asked
    # A server named by its address is always a choice of its own, whatever is kept here.
    return kept is None or rung.name in (kept, NAMED_BY_ADDRESS)
