"""The lock and the state file of a running stack in its data folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel

from deploy.stack.credentials import write_private
from deploy.stack.errors import StackError


class State(BaseModel, frozen=True):
    """The process id and the addresses of a running stack. A stack in containers has no process id."""

    pid: int | None
    environment: dict[str, str]


@contextmanager
def sole_instance(data_dir: Path) -> Iterator[None]:
    """Lock the data folder. Raise `StackError`, with the process id of the holder, if another process holds it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise StackError(
                f"The stack of {data_dir} is already running, as process {lock.read() or 'unknown'}. Stop it "
                "(Ctrl-C in its terminal), or run a second stack: make run DATA_DIR=.care-2 PORT_BASE=9000"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def publish(data_dir: Path, environment: dict[str, str], pid: int | None) -> None:
    """Write the state file."""
    state = State(pid=pid, environment=environment)
    write_private(_file(data_dir), state.model_dump_json(indent=2))


def withdraw(data_dir: Path) -> None:
    _file(data_dir).unlink(missing_ok=True)


def withdraw_containers(data_dir: Path) -> None:
    """Remove the state file if it is that of containers."""
    if _in_containers(data_dir):
        withdraw(data_dir)


def require_no_containers(data_dir: Path) -> None:
    """Raise `StackError` if the stack of this folder runs in containers. Call it while holding the lock."""
    if _in_containers(data_dir):
        raise StackError(f"The stack of {data_dir} runs in containers. Stop it first: make down")


def stopped_uncleanly(data_dir: Path) -> bool:
    """Return whether the previous run was killed. Call it while holding the lock."""
    return _file(data_dir).exists()


def running(data_dir: Path) -> State:
    """Return the state of the running stack. Raise `StackError` if none is running."""
    try:
        state = _read(data_dir)
        if state.pid is not None:
            # Signal 0 only checks that the process exists: the state file remains if the stack was killed.
            os.kill(state.pid, 0)
    except (FileNotFoundError, ProcessLookupError):
        raise StackError(f"No stack is running on {data_dir}. Start one: make run, or make up") from None
    return state


def _in_containers(data_dir: Path) -> bool:
    return _file(data_dir).exists() and _read(data_dir).pid is None


def _read(data_dir: Path) -> State:
    return State.model_validate_json(_file(data_dir).read_text())


def _file(data_dir: Path) -> Path:
    return data_dir / "stack.json"
