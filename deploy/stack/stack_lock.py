"""The lock of a data folder: one process at a time runs its stack, or changes it."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from deploy.stack.errors import StackError
from deploy.stack.file_lock import acquire

LOCK_ATTEMPTS = 5
LOCK_PAUSE_SECONDS = 0.05


@contextmanager
def sole_instance(data_dir: Path) -> Iterator[None]:
    """Lock the data folder. Raise `StackError`, with the process id of the holder, if another process holds it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    file = _lock_file(data_dir)
    with _locked(file) as lock:
        if lock is None:
            raise _already_running(data_dir, file.read_text())
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield
        finally:
            # The file never names a process that has ended in order.
            lock.truncate(0)


def holder(data_dir: Path) -> int | None:
    """Return the process that holds the lock of the data folder; None if no process holds it."""
    file = _lock_file(data_dir)
    try:
        with file.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        text = file.read_text()
        return int(text) if text.isdigit() else None
    return None


def is_data_folder(data_dir: Path) -> bool:
    """Return whether a stack was ever started on this folder."""
    return _lock_file(data_dir).exists()


@contextmanager
def _locked(file: Path) -> Iterator[IO[str] | None]:
    """Lock the empty file for the duration of the block. Provide None if another process holds the lock.

    `holder` has the lock for a moment, so one failure proves nothing.
    """
    for _ in range(LOCK_ATTEMPTS):
        with file.open("a+") as lock:
            if acquire(lock) and _is_at(file, lock):
                lock.truncate(0)
                yield lock
                return
        time.sleep(LOCK_PAUSE_SECONDS)
    yield None


def _is_at(path: Path, file: IO[str]) -> bool:
    """Return whether the open file is still the one at this path: `reset` deletes it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _lock_file(data_dir: Path) -> Path:
    return data_dir / "lock"


def _already_running(data_dir: Path, pid: str) -> StackError:
    return StackError(
        f"The stack of {data_dir} is already running, as process {pid or 'unknown'}. Stop it (./care stop), or run a "
        "second stack: ./care start --data-dir .care-2 --port-base 9000",
        f"{data_dir} 的系统已在运行（进程 {pid or '未知'}）。请先停止（./care stop），或另起一套："
        "./care start --data-dir .care-2 --port-base 9000",
    )
