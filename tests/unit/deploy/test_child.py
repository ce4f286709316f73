"""A child process is waited for, stopped in bounded time, and never outlives us."""

import asyncio
import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.stack import child as children
from deploy.stack.child import Child
from deploy.stack.errors import StackError
from deploy.stack.supervisor import keep_running

SLEEP = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


def make(folder: Path, program: str, ready_word: str = "") -> Child:
    log = folder / "child.log"

    async def ready() -> bool:
        return ready_word in log.read_text()

    return Child(name="child", command=[sys.executable, "-c", program], log=log, ready=ready)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while True:
            if condition():
                return
            await asyncio.sleep(0.02)


async def test_a_child_runs_until_it_is_stopped(tmp_path: Path) -> None:
    child = make(tmp_path, SLEEP)
    await child.start()
    assert child.running
    await child.stop()
    assert not child.running


async def test_a_child_that_dies_at_its_start_is_reported_with_its_last_words(tmp_path: Path) -> None:
    child = make(tmp_path, "raise SystemExit('no such database')", ready_word="ready")
    with pytest.raises(StackError, match=r"(?s)child ended with exit code 1 .*no such database"):
        await child.start()


async def test_a_child_that_never_gets_ready_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "READY_SECONDS", 0.3)
    child = make(tmp_path, SLEEP, ready_word="ready")
    with pytest.raises(StackError, match="was not ready within"):
        await child.start()
    assert not child.running


async def test_a_child_deaf_to_a_request_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "STOP_SECONDS", 0.3)
    child = make(tmp_path, STUBBORN, ready_word="deaf")
    await child.start()
    await child.stop()
    assert await child.wait() == -signal.SIGKILL


async def test_a_child_that_dies_is_restarted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.stack.supervisor.FIRST_PAUSE_SECONDS", 0.05)
    messages: list[str] = []
    child = make(tmp_path, SLEEP)
    await child.start()
    watcher = asyncio.create_task(keep_running(child, messages.append, lambda: messages.append("state published")))
    child.send(signal.SIGKILL)
    await until(lambda: "state published" in messages)
    assert "child is running again" in messages
    assert child.running
    assert messages[0].startswith("child ended (exit code -9)")
    watcher.cancel()
    await child.stop()


async def test_a_full_disk_does_not_end_the_supervision_of_a_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.stack.supervisor.FIRST_PAUSE_SECONDS", 0.05)
    published: list[int] = []

    def publish() -> None:
        published.append(1)
        if len(published) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")

    messages: list[str] = []
    child = make(tmp_path, SLEEP)
    await child.start()
    watcher = asyncio.create_task(keep_running(child, messages.append, publish))
    child.send(signal.SIGKILL)
    await until(lambda: len(published) == 1)
    child.send(signal.SIGKILL)
    await until(lambda: len(published) == 2)
    assert "[Errno 28] No space left on device" in messages
    watcher.cancel()
    await child.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux ties a child to its parent.")
async def test_a_child_ends_when_we_are_killed(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(pid_file), cwd=Path(__file__).parents[3]
    )
    await until(pid_file.exists)
    parent.kill()
    await parent.wait()
    await until(lambda: not _alive(int(pid_file.read_text())))


PARENT = """
import asyncio, pathlib, sys
from deploy.stack.child import Child

async def main(pid_file):
    async def ready():
        return True
    child = Child(name="child", command=["sleep", "60"], log=pid_file.with_name("log"), ready=ready)
    await child.start()
    unfinished = pid_file.with_name("unfinished")
    unfinished.write_text(str(child.process.pid))
    unfinished.rename(pid_file)
    await asyncio.sleep(60)

asyncio.run(main(pathlib.Path(sys.argv[1])))
"""


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that has ended stays listed until whoever inherited it looks.
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
