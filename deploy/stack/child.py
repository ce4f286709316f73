"""A server process that is started, checked and stopped within bounded time."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from signal import Signals

from deploy.stack.account import Account
from deploy.stack.errors import StackError

WRAPPER = Path(__file__).with_name("parent_death_signal.py")
STOP_SECONDS = 15.0
READY_SECONDS = 90.0
POLL_SECONDS = 0.1
LOG_BYTES = 20_000_000
TAIL_LINES = 12


@dataclass(slots=True)
class Child:
    """A server process. It has its own process group, so it does not receive Ctrl-C from the terminal."""

    name: str
    command: Sequence[str]
    log: Path
    ready: Callable[[], Awaitable[bool]]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path("/")
    account: Account | None = None
    stop_signals: tuple[Signals, ...] = (signal.SIGTERM, signal.SIGKILL)
    process: asyncio.subprocess.Process | None = None
    since: datetime | None = None

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def start(self) -> None:
        """Return when the server is ready. Raise `StackError`, with the end of its log, if it does not become ready."""
        self.process, self.since = await self._spawn(), datetime.now(UTC)
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._until_ready()
        except TimeoutError:
            await self.stop()
            raise StackError(self._failure(f"was not ready within {READY_SECONDS:.0f} seconds")) from None
        except BaseException:
            await self.stop()
            raise

    async def wait(self) -> int:
        """Return the exit code once the server has ended."""
        return await self.process.wait() if self.process else 0

    async def stop(self) -> None:
        """Stop the server: send each of `stop_signals` in turn until it has ended."""
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
        wrapper_arguments = [str(int(self.stop_signals[0])), str(os.getpid()), str(uid), str(gid)]
        with open_log(self.log).open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(WRAPPER), *wrapper_arguments),
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
                raise StackError(self._failure(f"ended with exit code {await self.wait()} before it was ready"))
            await asyncio.sleep(POLL_SECONDS)
        if not self.running:
            # Another program answered on the port, and this server could not bind it.
            raise StackError(self._failure("ended while another program answered on its port"))

    def _failure(self, what: str) -> str:
        return f"{self.name} {what}. The end of {self.log}:\n{tail(self.log)}"


def open_log(log: Path) -> Path:
    """Create the folder of `log` and rotate the file if it is large; return `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".old.log"))
    return log


def tail(log: Path) -> str:
    """Return the last lines of a log, indented."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 10_000))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-TAIL_LINES:])
