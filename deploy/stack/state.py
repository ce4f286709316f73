"""What a running stack leaves in its data folder: a lock while it runs, and where to find it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel

from deploy.stack.credentials import write_private
from deploy.stack.errors import CannotRun


class State(BaseModel, frozen=True):
    """Where a running stack is to be found."""

    pid: int
    environment: dict[str, str]


@contextmanager
def sole_instance(data_dir: Path) -> Iterator[None]:
    """Hold the data folder for this process alone; raise `CannotRun`, naming the holder, if it is held."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotRun(
                f"The stack of {data_dir} runs already, as process {lock.read() or 'unknown'}. Stop that one "
                "(Ctrl-C in its terminal), or run a second: make run DATA_DIR=.care-2 PORT_BASE=9000"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def publish(data_dir: Path, environment: dict[str, str]) -> None:
    """Tell others where the stack is."""
    state = State(pid=os.getpid(), environment=environment)
    write_private(_file(data_dir), state.model_dump_json(indent=2))


def withdraw(data_dir: Path) -> None:
    _file(data_dir).unlink(missing_ok=True)


def left_behind(data_dir: Path) -> bool:
    """Tell whether a run before this one ended without tidying up. Ask it while holding the lock."""
    return _file(data_dir).exists()


def running(data_dir: Path) -> State:
    """Return where the running stack is; raise `CannotRun` if none runs."""
    try:
        state = State.model_validate_json(_file(data_dir).read_text())
        # Signal 0 only asks whether the process is there; the file outlives one that was killed.
        os.kill(state.pid, 0)
    except (FileNotFoundError, ProcessLookupError):
        raise CannotRun(f"No stack runs on {data_dir}. Start one: make run") from None
    return state


def _file(data_dir: Path) -> Path:
    return data_dir / "stack.json"
