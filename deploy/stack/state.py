"""The state file of a stack in its data folder."""

import os
import shlex
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ValidationError

from deploy.stack import registry
from deploy.stack.credentials import write_private
from deploy.stack.errors import NotRunningError, StackError
from deploy.stack.stack_lock import holder


class Phase(StrEnum):
    STARTING = "starting"
    READY = "ready"
    # PostgreSQL and Kafka run; the issuer and the services are stopped.
    ONLY_SERVERS = "only-servers"
    STOPPING = "stopping"


RUNNING = {Phase.READY, Phase.ONLY_SERVERS}


class Part(BaseModel, frozen=True):
    """A part of the stack: its process, if it is one of ours, and the time of its last start."""

    pid: int | None
    since: datetime


class State(BaseModel, frozen=True):
    """The phase, the process id and the addresses of a stack. Running containers have no process id."""

    pid: int | None
    phase: Phase = Phase.READY
    containers: bool = False
    environment: dict[str, str] = {}
    parts: dict[str, Part] = {}

    @property
    def in_containers(self) -> bool:
        return self.containers or self.pid is None


def publish(data_dir: Path, state: State) -> None:
    """Write the state file."""
    write_private(_file(data_dir), state.model_dump_json(indent=2))
    registry.add(data_dir)


def withdraw(data_dir: Path) -> None:
    _file(data_dir).unlink(missing_ok=True)
    registry.remove(data_dir)


def withdraw_containers(data_dir: Path) -> None:
    """Remove the state file if it is that of containers."""
    if in_containers(data_dir):
        withdraw(data_dir)


def require_no_containers(data_dir: Path) -> None:
    """Raise `StackError` if the stack of this folder runs in containers. Call it while holding the lock."""
    if in_containers(data_dir):
        raise StackError(
            f"The stack of {data_dir} runs in containers. Stop it first: ./care down",
            f"{data_dir} 的系统正在容器中运行。请先停止：./care down",
        )


def stopped_uncleanly(data_dir: Path) -> bool:
    """Return whether the previous run was killed. Call it while holding the lock."""
    return _file(data_dir).exists()


def kept(data_dir: Path) -> State | None:
    """Return the state file, also that of a killed stack; None if there is none."""
    try:
        return State.model_validate_json(_file(data_dir).read_text("utf-8"))
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise StackError(
            f"{_file(data_dir)} is damaged, or of another version. "
            "Stop the stack with that version, or delete the file.",
            f"{_file(data_dir)} 已损坏或属于其他版本。请用该版本停止系统，或删除此文件。",
        ) from error


def current(data_dir: Path) -> State | None:
    """Return the state of the stack; None if it does not run. The state file remains if the stack was killed."""
    found = kept(data_dir)
    # Another process may have got the id of a killed stack, so the lock decides.
    return found if found and (found.pid is None or found.pid == holder(data_dir)) else None


def running(data_dir: Path) -> State:
    """Return the state of the running stack. Raise `NotRunningError` if it does not run, or not yet."""
    found = current(data_dir)
    if found is None:
        raise not_running(data_dir)
    if found.phase not in RUNNING:
        raise NotRunningError(
            f"The stack of {data_dir} is {found.phase}. Watch it: ./care status",
            f"{data_dir} 的系统正在{'启动' if found.phase == Phase.STARTING else '停止'}。请查看：./care status",
        )
    return found


def others(data_dir: Path) -> list[Path]:
    """Return the data folders of running stacks of this user, except this one."""
    return [folder for folder in registry.others(data_dir) if current(folder)]


def not_running(data_dir: Path) -> NotRunningError:
    """Return the error that says how to start a stack, and where another one runs."""
    message = f"No stack is running on {data_dir}. Start one: ./care start, or ./care up"
    message_zh = f"{data_dir} 没有正在运行的系统。启动：./care start 或 ./care up"
    if found := others(data_dir):
        message += "".join(f"\nA stack is running on {folder}: add {data_dir_option(folder)}" for folder in found)
        message_zh += "".join(f"\n{folder} 有正在运行的系统：请加上 {data_dir_option(folder)}" for folder in found)
    return NotRunningError(message, message_zh)


def data_dir_option(data_dir: Path) -> str:
    """Return the option that names the data folder in a command."""
    return f"--data-dir {shlex.quote(str(data_dir))}"


def in_containers(data_dir: Path) -> bool:
    """Return whether the stack of this folder runs in containers."""
    found = kept(data_dir)
    return found is not None and found.in_containers


def exists(pid: int) -> bool:
    """Return whether the process exists."""
    try:
        # Signal 0 only checks that the process exists.
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _file(data_dir: Path) -> Path:
    return data_dir / "stack.json"
