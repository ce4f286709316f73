"""Starts the stack in the background, waits until it is ready, and stops it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from deploy.stack import layout, stack_lock, state
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
    found = settled(data_dir, say)
    if found and found.phase == wanted(only_servers=only_servers):
        return found
    if found:
        say("stopping the stack, to start it again")
        stop(data_dir)
    return _start(data_dir, layout.chosen(data_dir, base), say, only_servers=only_servers)


def wanted(*, only_servers: bool) -> Phase:
    return Phase.ONLY_SERVERS if only_servers else Phase.READY


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
    pid = stack_lock.holder(data_dir)
    if pid is None:
        raise NotRunningError(
            f"No stack is running on {data_dir}, so there is nothing to stop.",
            f"{data_dir} 没有正在运行的系统，无需停止。",
        )
    _terminate(pid)
    deadline = time.monotonic() + STOP_SECONDS
    while stack_lock.holder(data_dir) == pid:
        if time.monotonic() > deadline:
            raise StackError(
                f"The stack has not stopped within {STOP_SECONDS:.0f} seconds. Its process is {pid}.",
                f"系统未能在 {STOP_SECONDS:.0f} 秒内停止，其进程为 {pid}。",
            )
        time.sleep(POLL_SECONDS)


def _terminate(pid: int) -> None:
    """Ask the process to end. It may have ended already."""
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise StackError(
            f"Process {pid} runs the stack under another user. Stop it as that user.",
            f"运行系统的进程 {pid} 属于另一用户，请以该用户身份停止。",
        ) from error


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
        found = _when_ready(data_dir, process, _new_lines(log, seen, say))
        # Another command may have started the stack at the same time.
        return found or _started_by_another(data_dir, say, only_servers=only_servers)
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise


def _when_ready(data_dir: Path, process: subprocess.Popen[bytes], tell: Callable[[], None]) -> State | None:
    """Return the state once the process runs the stack; None if the process has ended."""
    while True:
        ended = process.poll() is not None
        tell()
        if ended:
            return None
        found = state.current(data_dir)
        if found and found.pid == process.pid and found.phase in state.RUNNING:
            return found
        time.sleep(POLL_SECONDS)


def _started_by_another(data_dir: Path, say: Say, *, only_servers: bool) -> State:
    found = settled(data_dir, say)
    if found and found.phase == wanted(only_servers=only_servers):
        return found
    raise StackError(
        f"The stack could not be started. See the lines above; they are in {log_of(data_dir)}",
        f"系统无法启动。原因见上方输出，也保存在 {log_of(data_dir)}",
    )


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
