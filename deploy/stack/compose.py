"""Runs the whole product in containers with Docker Compose, with the secrets and the ports of a data folder."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from deploy.stack import containers, credentials, databases, layout, stack_lock, state
from deploy.stack.credentials import Credentials, write_private
from deploy.stack.databases import SERVICES
from deploy.stack.errors import StackError
from deploy.stack.layout import PROJECT, Layout
from deploy.stack.ports import HOST
from deploy.stack.postgres import ADMIN
from deploy.stack.state import Part, Phase, State

ENGINE_SECONDS = 20
START = ("up", "--build", "--detach", "--wait", "--remove-orphans")
STOP_SERVICES = ("stop", "proxy", *SERVICES)


def up(data_dir: Path, chosen: Layout, compose: Sequence[str]) -> None:
    """Start all containers, wait until they are healthy, and write the state file. Repeating it applies changes."""
    require_engine(compose)
    with stack_lock.sole_instance(data_dir):
        secrets = credentials.load(data_dir)
        given = settings(data_dir, chosen, secrets)
        write_private(settings_file(data_dir), "".join(f"{name}={value}\n" for name, value in given.items()))
        layout.remember(data_dir, chosen)
        with _changing(data_dir, Phase.STARTING):
            _run(data_dir, compose, START)
        state.publish(data_dir, _running_state(chosen, secrets, Phase.READY))


def stop_services(data_dir: Path, compose: Sequence[str]) -> None:
    """Stop the containers of the services; PostgreSQL and Kafka run on. `up` starts the services again."""
    require_engine(compose)
    with stack_lock.sole_instance(data_dir):
        with _changing(data_dir, Phase.STOPPING):
            _run(data_dir, compose, STOP_SERVICES)
        given = layout.chosen(data_dir, None)
        state.publish(data_dir, _running_state(given, credentials.load(data_dir), Phase.ONLY_SERVERS))


def down(data_dir: Path, compose: Sequence[str]) -> None:
    """Stop and remove the containers. Their volumes stay."""
    if settings_file(data_dir).exists():
        require_engine(compose)
        _run(data_dir, compose, ("down", "--remove-orphans"))
        state.withdraw_containers(data_dir)


def remove(data_dir: Path, compose: Sequence[str]) -> None:
    """Remove the containers of a data folder and their volumes, if there are any."""
    if settings_file(data_dir).exists():
        require_engine(compose)
        _run(data_dir, compose, ("down", "--remove-orphans", "--volumes"))


@contextmanager
def _changing(data_dir: Path, phase: Phase) -> Iterator[None]:
    """Publish the phase for the duration of the block. If the block fails, the previous state is restored."""
    before = state.kept(data_dir)
    state.publish(data_dir, State(pid=os.getpid(), phase=phase, containers=True))
    try:
        yield
    except BaseException:
        if before:
            state.publish(data_dir, before)
        else:
            state.withdraw(data_dir)
        raise


def _running_state(chosen: Layout, secrets: Credentials, phase: Phase) -> State:
    admin_url = f"postgresql://{ADMIN}:{secrets.postgres_admin}@{HOST}:{chosen.postgres}/postgres"
    urls = databases.urls(admin_url, secrets)
    addresses = layout.public_environment(chosen, urls, f"{HOST}:{chosen.kafka}")
    since = datetime.now(UTC)
    parts = {name: Part(pid=None, since=since) for name in ("PostgreSQL", "Kafka", "issuer", *SERVICES)}
    return State(pid=None, phase=phase, containers=True, environment=addresses, parts=parts)


def settings(data_dir: Path, chosen: Layout, secrets: Credentials) -> dict[str, str]:
    """Return the variables of docker-compose.yml."""
    ports = {f"CARE_{service.upper()}_PORT": chosen.port(service) for service in SERVICES}
    ports |= {"CARE_ISSUER_PORT": chosen.base, "CARE_POSTGRES_PORT": chosen.postgres, "CARE_KAFKA_PORT": chosen.kafka}
    return {
        "COMPOSE_PROJECT_NAME": containers.name(data_dir, "stack"),
        **{name: str(port) for name, port in ports.items()},
        "POSTGRES_ADMIN_PASSWORD": secrets.postgres_admin,
        **{credentials.password_variable(role): password for role, password in secrets.roles.items()},
        "CARE_PSEUDONYM_KEY": secrets.pseudonym_key,
    }


def settings_file(data_dir: Path) -> Path:
    return data_dir / "containers.env"


def require_engine(compose: Sequence[str]) -> None:
    """Raise `StackError` if no engine answers to the command of Compose."""
    try:
        asked = subprocess.run(
            [*compose, "ls", "--quiet"],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
            timeout=ENGINE_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _no_engine(str(error)) from error
    if asked.returncode != 0:
        raise _no_engine(asked.stderr.strip())


def _no_engine(reason: str) -> StackError:
    return StackError(
        "No container engine with Compose v2 answers. Start one, or name one in DOCKER_HOST. "
        f"To run the product without containers: ./care start\n{reason}",
        f"没有可用的容器引擎（含 Compose v2）。请启动一个，或用 DOCKER_HOST 指定。不用容器运行：./care start\n{reason}",
    )


def _run(data_dir: Path, compose: Sequence[str], what: Sequence[str]) -> None:
    file = settings_file(data_dir)
    # Compose prefers variables of its environment to those of the file, so they must be the same.
    given = dict(line.split("=", 1) for line in file.read_text().splitlines())
    command = [*compose, "--env-file", str(file.absolute()), *what]
    ended = subprocess.run(command, cwd=PROJECT, env={**os.environ, **given}, check=False)
    if ended.returncode != 0:
        failed = " ".join([*compose, what[0]])
        raise StackError(
            f"{failed} failed. See the output above, and: make logs", f"{failed} 失败。原因见上方输出，或运行 make logs"
        )
