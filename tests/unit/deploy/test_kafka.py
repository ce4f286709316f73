"""The broker is configured alike wherever it comes from, and is the same version everywhere."""

from pathlib import Path
from uuid import UUID

import pytest

from deploy.stack import containers, jars, java, kafka
from deploy.stack.credentials import Credentials
from deploy.stack.errors import StackError
from deploy.stack.providers import StartOptions

COMPOSE = jars.POM.parents[2] / "docker-compose.yml"


def test_the_settings_name_our_ports_and_folder() -> None:
    lines = kafka.settings(9092, 9093, Path("/data")).splitlines()
    assert "listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093" in lines
    assert "controller.quorum.voters=1@127.0.0.1:9093" in lines
    assert "log.dirs=/data" in lines
    assert "auto.create.topics.enable=false" in lines


async def test_an_id_that_begins_with_a_dash_is_not_taken_for_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def note(tool: list[str], **_known: object) -> None:
        asked.extend(tool)

    monkeypatch.setattr("deploy.stack.kafka.command.run", note)
    monkeypatch.setattr("deploy.stack.kafka.uuid.uuid4", lambda: UUID(int=0xFB << 120))
    await kafka._format([], Path("/"))
    assert "--cluster-id=-wAAAAAAAAAAAAAAAAAAAA" in asked


def test_the_path_of_the_data_folder_is_in_no_file_and_in_no_argument(tmp_path: Path) -> None:
    options = StartOptions(tmp_path / "客户, 测试", 9092, Credentials(), print)
    broker = kafka._broker(options, ["java", "kafka.Kafka", kafka.CONFIGURATION], options.data_dir / "kafka")
    assert "客户" not in f"{broker.command} {kafka.settings(9092, 9093, kafka.DATA)}"
    assert broker.folder / kafka.DATA == options.data_dir / "kafka" / "data"
    assert broker.environment == {"LC_ALL": "C.UTF-8"}


async def test_a_broker_on_another_host_is_asked_there(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, str]] = []

    def note(port: int, host: str) -> bool:
        asked.append((port, host))
        return False

    monkeypatch.setattr("deploy.stack.kafka.ports.answers", note)
    assert not await kafka.answers("kafka.example.org:9092, [::1]:9093")
    assert asked == [(9092, "kafka.example.org"), (9093, "::1")]


@pytest.mark.parametrize("address", ["kafka.example.org", ":9092", "one:9092,", "kafka:port", "::1:9092"])
async def test_an_address_without_host_or_port_is_refused(address: str) -> None:
    with pytest.raises(StackError, match="write host:port"):
        await kafka.answers(address)


def test_a_container_is_told_the_same_but_for_where_it_listens() -> None:
    told = containers.kafka_environment(9092)
    assert told["KAFKA_LISTENERS"].startswith("PLAINTEXT://0.0.0.0:9092,")
    assert told["KAFKA_ADVERTISED_LISTENERS"] == "PLAINTEXT://127.0.0.1:9092"
    assert told["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_jars_and_images_are_of_one_version() -> None:
    composed = COMPOSE.read_text()
    assert jars.kafka_version() == containers.KAFKA_VERSION
    assert f"image: ${{IMAGE_PREFIX:-}}{containers.KAFKA_IMAGE}\n" in composed
    assert f"image: ${{IMAGE_PREFIX:-}}{containers.POSTGRES_IMAGE}\n" in composed


def test_another_user_cache_folder_is_respected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert jars.cached().parent == tmp_path / "customer-lifecycle"


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "25" 2025-09-16', 25),
        ('java version "1.8.0_402"', 8),
        ("The operation couldn't be completed.", 0),
    ],
)
def test_the_version_of_java_is_read_from_what_it_prints(printed: str, expected: int) -> None:
    assert java.major(printed) == expected
