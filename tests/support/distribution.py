"""Distributes the tests over several pytest processes, each with its own servers and ports."""

import os

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from deploy.stack import ports

# The tests of each of these folders run in one process: they share expensive set-up, or freeze, kill and measure.
# The longest come first, so that short tests fill the gaps.
TOGETHER = ("tests/faults", "tests/security", "tests/e2e")


def scope_of(nodeid: str) -> str:
    """Return the scope of a test: the folder that stays together, or its own file."""
    file = nodeid.partition("::")[0]
    return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)


class ScopeDistribution(LoadScopeScheduling):  # type: ignore[misc]
    """Assigns whole scopes to free processes, in the order of the tests."""

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def sort_longest_first(items: list[pytest.Item]) -> None:
    """Sort the scopes that take longest to the front."""
    places = {folder: place for place, folder in enumerate(TOGETHER)}
    items.sort(key=lambda item: places.get(scope_of(item.nodeid), len(places)))


def is_one_of_several() -> bool:
    return "PYTEST_XDIST_WORKER" in os.environ


def take_own_ports() -> None:
    """Limit this process to its own part of the port range."""
    number, count = int(os.environ["PYTEST_XDIST_WORKER"][2:]), int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    share = len(ports.FREE_PORTS) // count
    ports.FREE_PORTS = ports.FREE_PORTS[number * share : (number + 1) * share]
