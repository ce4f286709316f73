"""The right provider is chosen, and remembered if it keeps data."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.stack.credentials import Credentials
from deploy.stack.errors import StackError
from deploy.stack.providers import Provider, Say, Server, StartOptions, choose, start_server


def provider(name: str, *, offered: bool = True, starts: bool = True) -> Provider:
    async def is_offered(_: Say) -> bool:
        return offered

    @asynccontextmanager
    async def start(_: StartOptions) -> AsyncIterator[Server]:
        if not starts:
            raise StackError("It did not start.")
        yield Server("127.0.0.1:1", name)

    return Provider(name, is_offered, start, keeps_data=name != "wheel")


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StartOptions:
    monkeypatch.delenv("CARE_KAFKA_FROM", raising=False)
    return StartOptions(tmp_path, 1, Credentials(), lambda _: None)


async def test_the_first_available_provider_is_chosen() -> None:
    candidates = [provider("environment", offered=False), provider("maven"), provider("wheel")]
    assert (await choose("Kafka", candidates, requested=None, kept=None, say=print)).name == "maven"


async def test_a_provider_requested_by_name_is_chosen() -> None:
    candidates = [provider("environment"), provider("maven"), provider("wheel")]
    assert (await choose("Kafka", candidates, requested="wheel", kept="maven", say=print)).name == "wheel"


async def test_the_provider_of_the_local_data_precedes_a_preferred_one() -> None:
    candidates = [provider("containers"), provider("maven")]
    assert (await choose("Kafka", candidates, requested=None, kept="maven", say=print)).name == "maven"


async def test_an_address_in_the_environment_precedes_the_local_data() -> None:
    candidates = [provider("environment"), provider("maven")]
    assert (await choose("Kafka", candidates, requested=None, kept="maven", say=print)).name == "environment"


async def test_local_data_is_not_ignored_if_its_provider_is_unavailable() -> None:
    candidates = [provider("containers", offered=False), provider("maven")]
    with pytest.raises(StackError, match=r"belongs to the provider 'containers'.*\./care reset"):
        await choose("Kafka", candidates, requested=None, kept="containers", say=print)


async def test_an_unknown_provider_is_rejected_with_the_known_names() -> None:
    with pytest.raises(
        StackError, match=r"No Kafka from the provider 'pigeon' is available. Known providers: maven, wheel"
    ):
        await choose("Kafka", [provider("maven"), provider("wheel")], requested="pigeon", kept=None, say=print)


async def test_a_provider_that_keeps_data_is_remembered(options: StartOptions) -> None:
    async with start_server("Kafka", [provider("maven")], options) as server:
        assert server.label == "maven"
    assert (options.data_dir / "kafka.from").read_text() == "maven"


async def test_a_provider_without_data_is_not_remembered(options: StartOptions) -> None:
    async with start_server("Kafka", [provider("wheel")], options):
        pass
    assert not (options.data_dir / "kafka.from").exists()


async def test_a_provider_that_failed_is_not_remembered(options: StartOptions) -> None:
    with pytest.raises(StackError):
        async with start_server("Kafka", [provider("maven", starts=False)], options):
            pass
    assert not (options.data_dir / "kafka.from").exists()
