"""A stack in containers for the tests: starts, asks, kills and removes its parts."""

import os
import shlex
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from demo.client import Client, client_of
from deploy.doctor.examination import examine
from deploy.stack import compose, containers, state
from deploy.stack.errors import StackError
from deploy.stack.infrastructure import temporary_data_dir
from deploy.stack.layout import PROJECT, Layout
from tests.support.product import free_layout
from tests.support.waiting import eventually

SERVICES = ("customer", "followup", "alerts", "reporting")
PARTS = (*SERVICES, "issuer", "proxy", "postgres", "kafka")
IMAGE = "customer-lifecycle:local"
HEAL_SECONDS = 300.0
KILL = "import os, sys; [os.kill(int(pid), 9) for pid in sys.argv[1:]]"


@dataclass(frozen=True, slots=True)
class Stack:
    """The containers of a data folder, and the command of Compose that controls them."""

    data_dir: Path
    layout: Layout
    command: tuple[str, ...]

    def up(self, *files: Path) -> None:
        """Start all containers; `files` change settings of docker-compose.yml."""
        compose.up(self.data_dir, self.layout, self._with(files))

    def down(self) -> None:
        compose.down(self.data_dir, self.command)

    def environment(self) -> dict[str, str]:
        return state.running(self.data_dir).environment

    def compose(self, *what: str, given: IO[bytes] | None = None, output: IO[bytes] | None = None) -> str:
        settings = str(compose.settings_file(self.data_dir).absolute())
        return run([*self.command, "--env-file", settings, *what], given=given, output=output)

    def engine(self, *what: str) -> str:
        return run([self.command[0], *what])

    def inside(self, part: str, *program: str) -> str:
        """Run a program in the container of a part, and return its output."""
        return self.compose("exec", "--no-TTY", part, *program)

    def seen(self, part: str, field: str) -> str:
        return self.engine("inspect", "--format", f"{{{{{field}}}}}", self.compose("ps", "--all", "--quiet", part))

    def kill(self, *parts: str) -> None:
        """Kill the main process of each part. After the engine's own `kill`, the engine would not start it again."""
        pids = [self.seen(part, ".State.Pid") for part in parts]
        self.engine(
            "run", "--rm", "--pid=host", "--network=none", "--user=0", "--entrypoint=python", IMAGE, "-c", KILL, *pids
        )

    async def healed(self, parts: Sequence[str], before: Sequence[str]) -> None:
        """Wait until each part has been started again, and is healthy."""

        async def all_healthy() -> bool:
            again = zip(parts, before, strict=True)
            return all(self.started(part) != since and self.is_healthy(part) for part, since in again)

        await eventually(all_healthy, within=HEAL_SECONDS)

    def started(self, part: str) -> str:
        return self.seen(part, ".State.StartedAt")

    def is_healthy(self, part: str) -> bool:
        return self.seen(part, ".State.Health.Status") == "healthy"

    def left(self, kind: str) -> list[str]:
        """Return the containers (`ps --all`), volumes (`volume ls`) or networks (`network ls`) of this stack."""
        label = f"label=com.docker.compose.project={containers.name(self.data_dir, 'stack')}"
        return self.engine(*kind.split(), "--quiet", "--filter", label).split()

    async def problems(self) -> list[str]:
        """Return what `make doctor` prints as failed."""
        found = await examine(self.environment(), self.data_dir)
        return [f"{each.check.en}: {each.state.en}" for each in found if not each.ok]

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        async with client_of(self.environment()) as client:
            yield client

    def _with(self, files: Sequence[Path]) -> list[str]:
        default = [] if "-f" in self.command else ["-f", "docker-compose.yml"]
        return [*self.command, *(default if files else []), *(part for file in files for part in ("-f", str(file)))]


def run(command: Sequence[str], given: IO[bytes] | None = None, output: IO[bytes] | None = None) -> str:
    ended = subprocess.run(
        command, cwd=PROJECT, stdin=given, stdout=output or subprocess.PIPE, stderr=subprocess.PIPE, check=False
    )
    assert ended.returncode == 0, f"{shlex.join(command)}:\n{ended.stderr.decode(errors='replace')}"
    return "" if output else ended.stdout.decode().strip()


@contextmanager
def new_stack() -> Iterator[Stack]:
    """Provide a stack that is not started yet, and remove everything afterwards. Skip the test without an engine."""
    command = required_command()
    with temporary_data_dir() as data_dir:
        stack = Stack(data_dir, free_layout(), tuple(command))
        try:
            yield stack
        finally:
            compose.remove(data_dir, command)


def required_command() -> list[str]:
    """Return the command of Compose. Skip the test where no engine answers to it."""
    command = shlex.split(os.environ.get("COMPOSE", "docker compose"))
    try:
        compose.require_engine(command)
    except StackError as error:
        pytest.skip(str(error))
    return command
