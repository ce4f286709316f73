"""The servers of the tests in containers (CARE_TEST_SERVERS=containers)."""

from pathlib import Path

import asyncpg
import pytest
from docker import from_env

from deploy.stack.errors import StackError
from tests.containers.stack import required_command
from tests.support import containers

NOBODY = "tcp://127.0.0.1:9"


def test_another_value_than_containers_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(containers.VARIABLE, "clouds")
    with pytest.raises(StackError, match="is 'clouds'; it may be 'containers' only"):
        containers.are_requested()


def test_without_the_variable_the_servers_are_no_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(containers.VARIABLE, raising=False)
    assert not containers.are_requested()
    monkeypatch.setenv(containers.VARIABLE, "containers")
    assert containers.are_requested()


async def test_without_an_engine_the_message_says_how_to_name_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", NOBODY)
    with pytest.raises(StackError, match=r"no container engine answers.*DOCKER_HOST"):
        async with containers.infrastructure(tmp_path):
            pass


@pytest.mark.nightly
async def test_both_servers_answer_on_loopback_only_and_are_removed_afterwards(tmp_path: Path) -> None:
    required_command()
    engine = from_env()
    before = {each.id for each in engine.containers.list(all=True)}
    async with containers.infrastructure(tmp_path) as running:
        ours = [each for each in engine.containers.list() if each.id not in before]
        published = [entry for each in ours for ports in each.ports.values() for entry in ports or []]
        assert {entry["HostIp"] for entry in published} == {"127.0.0.1"}
        connection = await asyncpg.connect(running.postgres_admin_url)
        assert await connection.fetchval("SHOW data_checksums") == "on"
        await connection.close()
        assert running.kafka_genuine
    assert {each.id for each in engine.containers.list(all=True)} <= before
    engine.close()
