"""Of the ways to get a server, the right one is taken."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.stack.credentials import Credentials
from deploy.stack.errors import CannotRun
from deploy.stack.ladder import Premises, Rung, Say, Server, choose, climb


def rung(name: str, *, offered: bool = True, starts: bool = True) -> Rung:
    async def is_offered(_: Say) -> bool:
        return offered

    @asynccontextmanager
    async def start(_: Premises) -> AsyncIterator[Server]:
        if not starts:
            raise CannotRun("It did not start.")
        yield Server("127.0.0.1:1", name)

    return Rung(name, is_offered, start, keeps_data=name != "wheel")


@pytest.fixture
def premises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Premises:
    monkeypatch.delenv("CARE_KAFKA_FROM", raising=False)
    return Premises(tmp_path, 1, Credentials(), lambda _: None)


async def test_the_first_way_offered_is_taken() -> None:
    ways = [rung("environment", offered=False), rung("maven"), rung("wheel")]
    assert (await choose("Kafka", ways, asked=None, kept=None, say=print)).name == "maven"


async def test_a_way_asked_for_by_name_is_taken() -> None:
    ways = [rung("environment"), rung("maven"), rung("wheel")]
    assert (await choose("Kafka", ways, asked="wheel", kept="maven", say=print)).name == "wheel"


async def test_the_way_that_has_our_data_comes_before_a_better_one_that_has_not() -> None:
    ways = [rung("containers"), rung("maven")]
    assert (await choose("Kafka", ways, asked=None, kept="maven", say=print)).name == "maven"


async def test_a_server_named_by_its_address_comes_before_the_data_here() -> None:
    ways = [rung("environment"), rung("maven")]
    assert (await choose("Kafka", ways, asked=None, kept="maven", say=print)).name == "environment"


async def test_data_whose_way_is_gone_is_not_silently_left_aside() -> None:
    ways = [rung("containers", offered=False), rung("maven")]
    with pytest.raises(CannotRun, match=r"held by way of 'containers'.*make reset"):
        await choose("Kafka", ways, asked=None, kept="containers", say=print)


async def test_an_unknown_way_is_refused_with_the_known_ones() -> None:
    with pytest.raises(CannotRun, match=r"no Kafka by way of 'pigeon'; the ways are: maven, wheel"):
        await choose("Kafka", [rung("maven"), rung("wheel")], asked="pigeon", kept=None, say=print)


async def test_a_way_that_keeps_data_is_remembered(premises: Premises) -> None:
    async with climb("Kafka", [rung("maven")], premises) as server:
        assert server.label == "maven"
    assert (premises.data_dir / "kafka.from").read_text() == "maven"


async def test_a_way_that_keeps_nothing_is_not_remembered(premises: Premises) -> None:
    async with climb("Kafka", [rung("wheel")], premises):
        pass
    assert not (premises.data_dir / "kafka.from").exists()


async def test_a_way_that_failed_is_not_remembered(premises: Premises) -> None:
    with pytest.raises(CannotRun):
        async with climb("Kafka", [rung("maven", starts=False)], premises):
            pass
    assert not (premises.data_dir / "kafka.from").exists()
