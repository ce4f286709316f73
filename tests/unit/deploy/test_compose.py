"""The containers: what each is allowed, and that each is told no more than it needs."""

import os
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.stack import compose, credentials, stack_lock, state
from deploy.stack.credentials import ROLES, Credentials
from deploy.stack.errors import StackError
from deploy.stack.layout import PROJECT, Layout
from deploy.stack.state import State
from deploy.stack.supervisor import stack

CREDENTIALS = Credentials()
FILE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
IMAGE = "customer-lifecycle:local"


def passwords(service: str) -> set[str]:
    """Return the names of the passwords that a container is told."""
    told = " ".join(str(value) for value in SERVICES[service].get("environment", {}).values())
    return {name for name in compose.settings(Path(), Layout(8000), CREDENTIALS) if f"${{{name}:?}}" in told} & {
        "POSTGRES_ADMIN_PASSWORD",
        *map(credentials.password_variable, ROLES),
    }


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_has_no_privileges_and_limits_on_what_it_uses(service: str) -> None:
    settings = SERVICES[service]
    assert settings["cap_drop"] == ["ALL"]
    assert settings["security_opt"] == ["no-new-privileges:true"]
    assert settings["mem_limit"]
    assert settings["pids_limit"]
    assert set(settings["logging"]["options"]) == {"max-size", "max-file"}


def test_only_the_broker_may_write_to_its_own_files() -> None:
    assert [service for service, settings in SERVICES.items() if not settings["read_only"]] == ["kafka"]


def test_the_image_is_built_once() -> None:
    assert [service for service, settings in SERVICES.items() if "build" in settings] == ["bootstrap"]
    pulled = {settings["pull_policy"] for settings in SERVICES.values() if settings["image"] == IMAGE}
    assert pulled == {"build", "never"}


def test_every_port_is_published_on_loopback_only() -> None:
    published = [port for settings in SERVICES.values() for port in settings.get("ports", [])]
    assert len(published) == 7
    assert not [port for port in published if not port.startswith("127.0.0.1:")]


@pytest.mark.parametrize("service", ["customer", "followup", "alerts", "reporting"])
def test_a_service_is_told_its_own_password_only(service: str) -> None:
    assert passwords(service) == {f"CARE_{service.upper()}_PASSWORD"}


@pytest.mark.parametrize("service", ["kafka", "issuer", "proxy"])
def test_what_reads_no_database_is_told_no_password(service: str) -> None:
    assert passwords(service) == set()


def test_the_settings_give_every_variable_that_the_file_requires_and_no_password_twice() -> None:
    given = compose.settings(Path(), Layout(9000), CREDENTIALS)
    text = (PROJECT / "docker-compose.yml").read_text()
    required = {part.partition(":?}")[0] for part in text.split("${")[1:] if ":?}" in part.partition("\n")[0]}
    assert required == given.keys() - {"COMPOSE_PROJECT_NAME"}
    assert (given["CARE_ISSUER_PORT"], given["CARE_KAFKA_PORT"]) == ("9000", "9092")
    secrets = [value for name, value in given.items() if name.endswith("_PASSWORD")]
    assert len(set(secrets)) == len(ROLES) + 1


def test_every_data_folder_has_containers_of_its_own(tmp_path: Path) -> None:
    names = [
        compose.settings(tmp_path / folder, Layout(8000), CREDENTIALS)["COMPOSE_PROJECT_NAME"] for folder in ("a", "b")
    ]
    assert len(set(names)) == 2


@pytest.mark.parametrize("command", ["no-such-engine compose", "false"])
def test_without_an_engine_it_says_so_and_what_else_there_is(tmp_path: Path, command: str) -> None:
    with pytest.raises(StackError, match=r"No container engine .*DOCKER_HOST.*care start"):
        compose.up(tmp_path, Layout(8000), shlex.split(command))
    with pytest.raises(StackError, match="No stack is running"):
        state.running(tmp_path)


def test_a_stack_in_containers_is_found_until_it_is_stopped(tmp_path: Path) -> None:
    compose.up(tmp_path, Layout(9000), ["true"])
    environment = state.running(tmp_path).environment
    assert environment["CARE_CUSTOMER_URL"] == "http://127.0.0.1:9001"
    own = credentials.load(tmp_path).roles["care_alerts"]
    assert environment["CARE_ALERTS_DATABASE_URL"] == f"postgresql://care_alerts:{own}@127.0.0.1:9032/care_alerts"
    compose.down(tmp_path, ["true"])
    with pytest.raises(StackError, match=r"\./care start, or \./care up"):
        state.running(tmp_path)


def test_only_the_owner_can_read_the_passwords(tmp_path: Path) -> None:
    compose.up(tmp_path, Layout(9000), ["true"])
    assert compose.settings_file(tmp_path).stat().st_mode & 0o777 == 0o600


async def test_while_the_stack_runs_in_containers_no_second_one_starts_on_its_folder(tmp_path: Path) -> None:
    compose.up(tmp_path, Layout(9000), ["true"])
    with pytest.raises(StackError, match=r"\./care down"):
        async with stack(tmp_path, Layout(9000), print):
            pass
    assert state.running(tmp_path).pid is None


def test_where_nothing_was_started_there_is_nothing_to_stop(tmp_path: Path) -> None:
    compose.down(tmp_path, ["no-such-engine"])
    compose.remove(tmp_path, ["no-such-engine"])


def test_stopping_the_containers_leaves_a_stack_of_processes_running(tmp_path: Path) -> None:
    compose.up(tmp_path, Layout(9000), ["true"])
    compose.down(tmp_path, ["true"])
    with stack_lock.sole_instance(tmp_path):
        state.publish(tmp_path, State(pid=os.getpid()))
        compose.down(tmp_path, ["true"])
        assert state.running(tmp_path).pid == os.getpid()


def test_variables_of_the_shell_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARE_PSEUDONYM_KEY", "0" * 32)
    command = tmp_path / "compose"
    command.write_text(f'#!/bin/sh\necho "$CARE_PSEUDONYM_KEY" >> {tmp_path}/seen\n')
    command.chmod(0o755)
    compose.up(tmp_path, Layout(9000), [str(command)])
    asked, started = (tmp_path / "seen").read_text().split()
    assert (asked, started) == ("0" * 32, credentials.load(tmp_path).pseudonym_key)
