"""A server process we start, wait for, and stop within bounded time."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals

from deploy.stack.account import Account
from deploy.stack.errors import CannotRun

LEASH = Path(__file__).with_name("leash.py")
STOP_SECONDS = 15.0
READY_SECONDS = 90.0
POLL_SECONDS = 0.1
LOG_BYTES = 20_000_000
TAIL_LINES = 12


@dataclass(slots=True)
class Child:
    """One server. It has its own process group, so Ctrl-C in the terminal does not reach it."""

    name: str
    command: Sequence[str]
    log: Path
    ready: Callable[[], Awaitable[bool]]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path("/")
    account: Account | None = None
    stop_signals: tuple[Signals, ...] = (signal.SIGTERM, signal.SIGKILL)
    process: asyncio.subprocess.Process | None = None

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def start(self) -> None:
        """Return when the server is ready; raise `CannotRun`, with the end of its log, if it will not be."""
        self.process = await self._spawn()
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._until_ready()
        except TimeoutError:
            await self.stop()
            raise CannotRun(self._complaint(f"was not ready within {READY_SECONDS:.0f} seconds")) from None
        except BaseException:
            await self.stop()
            raise

    async def wait(self) -> int:
        """Return the exit code once the server has ended."""
        return await self.process.wait() if self.process else 0

    async def stop(self) -> None:
        """Return when the server has ended, asking ever more firmly."""
        for stop_signal in self.stop_signals:
            if not self.running:
                return
            self.send(stop_signal)
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await self.wait()
            except TimeoutError:
                continue

    def send(self, chosen: Signals) -> None:
        """Send a signal if the server still runs."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(chosen)

    async def _spawn(self) -> asyncio.subprocess.Process:
        uid, gid = (self.account.uid, self.account.gid) if self.account else (-1, -1)
        tie = [str(int(self.stop_signals[0])), str(os.getpid()), str(uid), str(gid)]
        with open_log(self.log).open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(LEASH), *tie),
                *self.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
                cwd=self.folder,
                start_new_session=True,
            )

    async def _until_ready(self) -> None:
        while not await self.ready():
            if not self.running:
                raise CannotRun(self._complaint(f"ended with exit code {await self.wait()} before it was ready"))
            await asyncio.sleep(POLL_SECONDS)
        if not self.running:
            # Somebody answered, but not this server: it lost its port to another program.
            raise CannotRun(self._complaint("ended while another program answered on its port"))

    def _complaint(self, what: str) -> str:
        return f"{self.name} {what}. The end of {self.log}:\n{tail(self.log)}"


def open_log(log: Path) -> Path:
    """Return `log`, its folder made and its old contents set aside once they are large."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".old.log"))
    return log


def tail(log: Path) -> str:
    """Return the last lines of a log, for a person to read."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 10_000))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-TAIL_LINES:])
