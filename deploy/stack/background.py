"""Starts the stack in the background, waits until it is ready, and stops it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from deploy.stack import layout, state
from deploy.stack.child import open_log
from deploy.stack.errors import NotRunningError, StackError
from deploy.stack.layout import PROJECT, Layout
from deploy.stack.providers import Say
from deploy.stack.state import Phase, State

POLL_SECONDS = 0.2
# Each of the seven parts is given 15 seconds for each of up to three signals.
STOP_SECONDS = 330.0


def start(data_dir: Path, base: int | None, say: Say, *, only_servers: bool) -> State:
    """Return when the stack, or only its servers, runs in the background. A stack in the other mode is restarted."""
    wanted = Phase.ONLY_SERVERS if only_servers else Phase.READY
    found = settled(data_dir, say)
    if found and found.phase == wanted:
        return found
    if found:
        say("stopping the stack, to start it again")
        stop(data_dir)
    return _start(data_dir, layout.chosen(data_dir, base), say, only_servers=only_servers)


def settled(data_dir: Path, say: Say) -> State | None:
    """Return the state of the stack once it neither starts nor stops; None if it does not run then."""
    found = state.current(data_dir)
    if found and found.phase not in state.RUNNING:
        say(f"waiting: the stack of {data_dir} is {found.phase}")
    while found and found.phase not in state.RUNNING:
        time.sleep(POLL_SECONDS)
        found = state.current(data_dir)
    return found


def stop(data_dir: Path) -> None:
    """Stop the stack, and return when all its parts have ended. Raise `NotRunningError` if it does not run."""
    pid = state.holder(data_dir)
    if pid is None:
        raise NotRunningError(
            f"No stack is running on {data_dir}, so there is nothing to stop.",
            f"{data_dir} 没有正在运行的系统，无需停止。",
        )
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while state.holder(data_dir) == pid:
        if time.monotonic() > deadline:
            raise StackError(f"The stack has not stopped within {STOP_SECONDS:.0f} seconds. Its process is {pid}.")
        time.sleep(POLL_SECONDS)


def log_of(data_dir: Path) -> Path:
    return data_dir / "logs" / "stack.log"


def _start(data_dir: Path, chosen: Layout, say: Say, *, only_servers: bool) -> State:
    log = open_log(log_of(data_dir))
    command = [sys.executable, "-m", "deploy.stack.foreground", str(data_dir.absolute()), str(chosen.base)]
    with log.open("ab") as output:
        seen = output.tell()
        process = subprocess.Popen(
            [*command, *(["--only-servers"] if only_servers else [])],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=PROJECT,
            start_new_session=True,
        )
    try:
        return _when_ready(data_dir, process, _new_lines(log, seen, say))
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise


def _when_ready(data_dir: Path, process: subprocess.Popen[bytes], tell: Callable[[], None]) -> State:
    while True:
        ended = process.poll() is not None
        tell()
        found = state.current(data_dir)
        if found and found.pid == process.pid and found.phase in state.RUNNING:
            return found
        if ended:
            raise StackError(
                f"The stack could not be started. See the lines above; they are in {log_of(data_dir)}",
                f"系统无法启动。原因见上方输出，也保存在 {log_of(data_dir)}",
            )
        time.sleep(POLL_SECONDS)


def _new_lines(log: Path, seen: int, say: Say) -> Callable[[], None]:
    """Return a function that says the lines that the log has got since it was called last."""

    def tell() -> None:
        nonlocal seen
        with log.open("rb") as file:
            file.seek(seen)
            text = file.read()
        complete = text[: text.rfind(b"\n") + 1]
        seen += len(complete)
        for line in complete.decode(errors="replace").splitlines():
            say(line)

    return tell
