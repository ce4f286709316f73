"""Distributes the tests over several pytest processes, each with its own servers and ports."""

import os

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from deploy.stack import ports

# The tests of each of these folders run in one process: they share expensive set-up.
TOGETHER = ("tests/security", "tests/e2e")
# The tests of these folders take longest and come first, so that short tests fill the gaps at the end.
LONG = ("tests/security", "tests/e2e", "tests/faults", "tests/silence", "tests/cases", "tests/integration")


def scope_of(nodeid: str) -> str:
    """Return the scope of a test: the folder that stays together, or its own file."""
    file = nodeid.partition("::")[0]
    return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)


class ScopeDistribution(LoadScopeScheduling):  # type: ignore[misc]
    """Assigns whole scopes to free processes, in the order of the tests."""

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        """Drop a scope once it is complete: the scheduler counts all tests that it still has, after each test."""
        super().mark_test_complete(node, item_index, duration)
        scope = self._split_scope(self.registered_collections[node][item_index])
        if all(self.assigned_work[node][scope].values()):
            del self.assigned_work[node][scope]

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def sort_longest_first(items: list[pytest.Item]) -> None:
    """Sort the folders that take longest to the front."""
    items.sort(key=lambda item: place_of(item.nodeid))


def place_of(nodeid: str) -> int:
    """Return the place of the test's folder among those that take longest."""
    return next((place for place, folder in enumerate(LONG) if nodeid.startswith(f"{folder}/")), len(LONG))


def is_one_of_several() -> bool:
    return "PYTEST_XDIST_WORKER" in os.environ


def take_own_ports() -> None:
    """Limit this process to its own part of the port range."""
    number, count = int(os.environ["PYTEST_XDIST_WORKER"][2:]), int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    share = len(ports.FREE_PORTS) // count
    ports.FREE_PORTS = ports.FREE_PORTS[number * share : (number + 1) * share]
