"""How the tests are shared out where two processes run them: each has servers and ports of its own."""

import os

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from deploy.stack import ports

# Each of these stays with one process, in which its tests run one after another: they share what is dear to set up,
# or freeze, kill and measure. The longest come first, so that what is short fills the gaps.
TOGETHER = ("tests/faults", "tests/security", "tests/e2e")


def share_of(nodeid: str) -> str:
    """Return what a test goes with: the folder, or its own file."""
    file = nodeid.partition("::")[0]
    return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)


class Sharing(LoadScopeScheduling):  # type: ignore[misc]
    """Gives whole shares to whoever is free, in the order of the tests."""

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return share_of(nodeid)


def in_order(items: list[pytest.Item]) -> None:
    """Put the shares that take longest first."""
    places = {folder: place for place, folder in enumerate(TOGETHER)}
    items.sort(key=lambda item: places.get(share_of(item.nodeid), len(places)))


def is_one_of_several() -> bool:
    return "PYTEST_XDIST_WORKER" in os.environ


def take_own_ports() -> None:
    """Let this process take no port that another may be about to take."""
    number, count = int(os.environ["PYTEST_XDIST_WORKER"][2:]), int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    share = len(ports.FREE_PORTS) // count
    ports.FREE_PORTS = ports.FREE_PORTS[number * share : (number + 1) * share]
